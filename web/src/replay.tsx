// The demo's own bar: which recorded moment is shown, and how fast the days go by.
import { useState } from 'preact/hooks';
import { post } from './api';
import { dateTime } from './format';
import { t } from './i18n';
import { Choice, Trouble } from './parts';
import { loadState, now, state } from './state';

const speeds = [60, 600, 1800, 7200, 43_200] as const;

function speedText(speed: number): string {
  return speed >= 3600 ? `${speed / 3600} h/s` : `${speed / 60} min/s`;
}

export function ReplayBar() {
  const [error, setError] = useState('');
  const replay = state.value?.replay;
  if (!replay) return null;
  const steer = (wish: { speed?: number; paused?: boolean }) =>
    post('replay', wish).then(
      () => {
        setError('');
        void loadState();
      },
      (reason: Error) => setError(reason.message),
    );
  const done = (now.value - replay.begin) / (replay.end - replay.begin);
  return (
    <section class="replay bar" aria-label={t('replay')}>
      <strong>{t('replay')}</strong>
      <time dateTime={new Date(now.value).toISOString()}>{dateTime(now.value)}</time>
      <progress max={1} value={Math.min(1, Math.max(0, done))} aria-label={t('replay')} />
      {replay.ended ? (
        <span>{t('replayEnded')}</span>
      ) : (
        <>
          <button
            type="button"
            aria-pressed={replay.paused}
            onClick={() => void steer({ paused: !replay.paused })}
          >
            {replay.paused ? `▶ ${t('goOn')}` : `⏸ ${t('standStill')}`}
          </button>
          <Choice
            label={t('speed')}
            value={String(replay.speed)}
            values={speeds.map((speed) => ({ value: String(speed), text: speedText(speed) }))}
            choose={(value) => void steer({ speed: Number(value) })}
          />
        </>
      )}
      <Trouble text={error} />
    </section>
  );
}
