// Actions: asked for, described by the server, confirmed by a person, then done once.
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { post } from './api';
import { t } from './i18n';
import { language } from './state';

export interface Wish {
  action: 'pause' | 'resume' | 'manage' | 'loss-cut' | 'flatten' | 'catch-up';
  symbol?: string;
  percent?: string;
  reason?: string;
}

interface Report {
  answered: boolean;
  text: string;
  failed?: boolean;
}

interface Prepared {
  says: string;
  says_zh: string;
  environment: string;
  confirm: string;
  preview?: Report;
}

interface Asked {
  prepared: Prepared | null;
  working: boolean;
  report: Report | null;
  error: string;
}

const asked = signal<Asked | null>(null);

export async function act(wish: Wish): Promise<void> {
  asked.value = { prepared: null, working: true, report: null, error: '' };
  try {
    const prepared = await post<Prepared>('actions/prepare', wish);
    if (asked.value) asked.value = { prepared, working: false, report: null, error: '' };
  } catch (error) {
    fail(error as Error);
  }
}

function fail(error: Error): void {
  if (asked.value) {
    asked.value = { prepared: null, working: false, report: null, error: error.message };
  }
}

async function confirm(prepared: Prepared): Promise<void> {
  asked.value = { prepared, working: true, report: null, error: '' };
  try {
    const done = await post<{ report: Report }>('actions/confirm', { confirm: prepared.confirm });
    asked.value = { prepared: null, working: false, report: done.report, error: '' };
  } catch (error) {
    fail(error as Error);
  }
}

export function ActionDialog() {
  const box = useRef<HTMLDialogElement>(null);
  const shown = asked.value;
  useEffect(() => {
    if (shown && !box.current?.open) box.current?.showModal();
    if (!shown && box.current?.open) box.current.close();
  }, [shown]);
  const leave = () => (asked.value = null);
  const { prepared, working, report, error } = shown ?? {
    prepared: null,
    working: false,
    report: null,
    error: '',
  };
  return (
    <dialog ref={box} onClose={leave} aria-label={t('actions')}>
      {prepared && (
        <>
          <h2>{t('what')}</h2>
          <p class={`banner ${prepared.environment}`}>{prepared.environment}</p>
          <p class="says">{language.value === 'zh' ? prepared.says_zh : prepared.says}</p>
          {prepared.preview && (
            <>
              <h3>{t('preview')}</h3>
              <pre>{prepared.preview.text}</pre>
            </>
          )}
        </>
      )}
      {report && (
        <>
          <h2>{t('result')}</h2>
          <pre class={report.failed ? 'down' : ''}>{report.text}</pre>
        </>
      )}
      {error && <p class="trouble">{error}</p>}
      {working && <p aria-live="polite">{t('working')}</p>}
      <div class="bar end">
        {prepared && !working && (
          <button type="button" class="danger" onClick={() => void confirm(prepared)}>
            {t('confirm')}
          </button>
        )}
        <button type="button" onClick={leave} disabled={working && prepared !== null}>
          {report || error ? t('back') : t('cancel')}
        </button>
      </div>
    </dialog>
  );
}
