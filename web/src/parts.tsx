// Small parts that every page is made of.
import type { ComponentChildren } from 'preact';
import { span } from './format';
import { t, type Word } from './i18n';
import { language, now, rate } from './state';

export function Card(props: {
  title: string;
  value: string;
  tone?: string;
  note?: ComponentChildren;
}) {
  return (
    <section class="card">
      <h3>{props.title}</h3>
      <p class={`figure ${props.tone ?? ''}`}>{props.value}</p>
      {props.note && <p class="note">{props.note}</p>}
    </section>
  );
}

/** How old a figure is; it turns red when it is older than it should be. */
export function Age(props: { at: number | undefined; limit: number }) {
  if (props.at == null) return null;
  const age = Math.max(0, now.value - props.at);
  return (
    <span class={age > props.limit * Math.max(1, rate.value) ? 'stale' : ''}>
      {`${span(age)}${language.value === 'zh' ? '' : ' '}${t('ago')}`}
    </span>
  );
}

export interface Column<Row> {
  title: Word;
  show: (row: Row) => ComponentChildren;
  tone?: (row: Row) => string;
  number?: boolean;
}

export function Table<Row>(props: {
  rows: Row[];
  columns: Column<Row>[];
  name: (row: Row) => string | number;
  label: string;
}) {
  if (props.rows.length === 0) return <p class="empty">{t('noData')}</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={props.label}>
      <table>
        <thead>
          <tr>
            {props.columns.map((column) => (
              <th key={column.title} class={column.number ? 'number' : ''} scope="col">
                {t(column.title)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={props.name(row)}>
              {props.columns.map((column) => (
                <td
                  key={column.title}
                  class={`${column.number ? 'number' : ''} ${column.tone?.(row) ?? ''}`}
                  data-title={t(column.title)}
                >
                  {column.show(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Trouble(props: { text: string | null | undefined }) {
  return props.text ? (
    <p class="trouble" role="alert">
      {props.text}
    </p>
  ) : null;
}

export function Choice<T extends string>(props: {
  label: string;
  value: T;
  values: readonly { value: T; text: string }[];
  choose: (value: T) => void;
}) {
  return (
    <div class="choice" role="group" aria-label={props.label}>
      {props.values.map(({ value, text }) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === props.value}
          onClick={() => props.choose(value)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
