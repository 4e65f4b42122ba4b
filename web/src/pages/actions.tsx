import { act, type Wish } from '../actions';
import { dateTime, money, sign } from '../format';
import { t, type Word } from '../i18n';
import { type Column, Table, Trouble } from '../parts';
import { session, state, useData } from '../state';
import type { AuditRow, Cashflow } from '../types';

const wishes: [Word, Wish, boolean][] = [
  ['pause', { action: 'pause', reason: 'dashboard' }, false],
  ['resume', { action: 'resume' }, false],
  ['patrol', { action: 'manage' }, false],
  ['lossCut', { action: 'loss-cut' }, true],
  ['flatten', { action: 'flatten', percent: '100' }, true],
];

const audit: Column<AuditRow>[] = [
  { title: 'time', show: (r) => dateTime(r.made_at) },
  { title: 'who', show: (r) => r.who },
  { title: 'what2', show: (r) => <span title={r.arguments}>{r.kind}</span> },
  {
    title: 'status',
    show: (r) => `${r.state} (${r.exit_code})`,
    tone: (r) => (r.state === 'DONE' && r.exit_code === 0 ? '' : 'down'),
  },
  { title: 'result', show: (r) => <span class="clip" title={r.text}>{r.text}</span> },
];

const flows: Column<Cashflow>[] = [
  { title: 'time', show: (r) => dateTime(r.time) },
  { title: 'type', show: (r) => r.type },
  {
    title: 'amount',
    show: (r) => `${money(r.amount, true)} ${r.asset}`,
    tone: (r) => sign(r.amount),
    number: true,
  },
  { title: 'message', show: (r) => r.info },
];

export function Actions() {
  const commands = useData<{ commands: AuditRow[] }>('audit', { limit: 100 });
  const money_ = useData<{ cashflows: Cashflow[] }>('cashflows', { limit: 80 });
  const catchesUp = state.value?.entry_catchup_enabled ?? false;
  return (
    <>
      <section class="panel">
        <h2>{t('actions')}</h2>
        {session.value?.may_act ? (
          <div class="bar start">
            {wishes.map(([word, wish, dangerous]) => (
              <button
                key={word}
                type="button"
                class={dangerous ? 'danger' : ''}
                onClick={() => void act(wish)}
              >
                {t(word)}
              </button>
            ))}
            <button
              type="button"
              onClick={() => void act({ action: 'catch-up', reason: catchesUp ? 'off' : 'on' })}
            >
              {t(catchesUp ? 'catchUpOff' : 'catchUpOn')}
            </button>
          </div>
        ) : (
          <p>{t('mayNotAct')}</p>
        )}
      </section>
      <section class="panel">
        <h2>{t('audit')}</h2>
        <Trouble text={commands.error} />
        <Table
          rows={commands.data?.commands ?? []}
          columns={audit}
          name={(r) => r.id}
          label={t('audit')}
        />
      </section>
      <section class="panel">
        <h2>{t('cashflows')}</h2>
        <Trouble text={money_.error} />
        <Table
          rows={money_.data?.cashflows ?? []}
          columns={flows}
          name={(r) => `${r.time} ${r.type} ${r.amount}`}
          label={t('cashflows')}
        />
      </section>
    </>
  );
}
