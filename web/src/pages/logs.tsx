import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { Choice, Trouble } from '../parts';
import { useData } from '../state';

const levels = ['debug', 'info', 'warning', 'error'] as const;
type Level = (typeof levels)[number];

function tone(line: string): string {
  if (line.includes(' - error - ')) return 'down';
  return line.includes(' - warning - ') ? 'stale' : '';
}

export function Logs() {
  const [level, setLevel] = useState<Level>('info');
  const [text, setText] = useState('');
  const { data, error } = useData<{ lines: string[] }>('logs', { level, text, lines: 500 });
  const lines = [...(data?.lines ?? [])].reverse();
  return (
    <section class="panel">
      <div class="bar">
        <h2>{t('logs')}</h2>
        <Choice
          label={t('level')}
          value={level}
          values={levels.map((value) => ({ value, text: value }))}
          choose={setLevel}
        />
        <label>
          {t('text')}{' '}
          <input value={text} maxLength={100} onInput={(e) => setText(e.currentTarget.value)} />
        </label>
      </div>
      <Trouble text={error} />
      <ol class="log" tabIndex={0} aria-label={t('logs')}>
        {lines.map((line, index) => (
          <li key={`${lines.length - index} ${line}`} class={tone(line)}>
            {line}
          </li>
        ))}
      </ol>
    </section>
  );
}
