import { money, percent, sign } from '../format';
import { t, type Word } from '../i18n';
import { Trouble } from '../parts';
import { useData } from '../state';
import type { Group, Statistics } from '../types';

const rows: [Word, (group: Group) => string][] = [
  ['trades', (g) => String(g.priced)],
  ['unpriced', (g) => String(g.unpriced)],
  ['winRate', (g) => percent(g.win_rate_pct)],
  ['total', (g) => money(g.total, true)],
  ['profitFactor', (g) => g.profit_factor?.toFixed(2) ?? '–'],
  ['averageWin', (g) => money(g.average_win)],
  ['averageLoss', (g) => money(g.average_loss)],
  ['fees', (g) => money(g.commission)],
  ['funding', (g) => money(g.funding, true)],
];

function Groups(props: { title: Word; groups: Record<string, Group>; numeric?: boolean }) {
  const entries = Object.entries(props.groups);
  if (props.numeric) entries.sort((a, b) => Number(a[0]) - Number(b[0]));
  else entries.sort((a, b) => b[1].total - a[1].total);
  const largest = Math.max(1e-9, ...entries.map(([, group]) => Math.abs(group.total)));
  return (
    <section class="panel">
      <h2>{t(props.title)}</h2>
      {entries.length === 0 && <p class="empty">{t('noData')}</p>}
      <div class="scroll" tabIndex={0} role="region" aria-label={t(props.title)}>
        <table class="compact">
          <tbody>
            {entries.map(([name, group]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="number">{group.priced}</td>
                <td class="number">{percent(group.win_rate_pct)}</td>
                <td class={`number ${sign(group.total)}`}>{money(group.total, true)}</td>
                <td class="meter">
                  <meter
                    min={0}
                    max={largest}
                    value={Math.abs(group.total)}
                    class={sign(group.total)}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function StatisticsPage() {
  const { data, error } = useData<Statistics>('statistics');
  return (
    <>
      <Trouble text={error} />
      {data && (
        <>
          <section class="panel">
            <h2>{t('statistics')}</h2>
            <div class="scroll">
              <table class="compact">
                <thead>
                  <tr>
                    <td />
                    <th class="number" scope="col">{t('formulaNet')}</th>
                    <th class="number" scope="col">{t('formulaOriginal')}</th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map(([title, show]) => (
                    <tr key={title}>
                      <th scope="row">{t(title)}</th>
                      <td class="number">{show(data.net)}</td>
                      <td class="number">{show(data.original)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </section>
          <div class="halves">
            <Groups title="byReason" groups={data.by_reason} />
            <Groups title="byHold" groups={data.by_hold_hours} numeric />
            <Groups title="bySymbol" groups={data.by_symbol} />
            <Groups title="byHour" groups={data.by_hour_utc} numeric />
          </div>
        </>
      )}
    </>
  );
}
