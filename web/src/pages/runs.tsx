import { dateTime, money, percent, plain, sign, span } from '../format';
import { t, type Word } from '../i18n';
import { type Column, Table, Trouble } from '../parts';
import { useData } from '../state';
import type { Closed, Intent, RankedContract, Ranking, Run } from '../types';

const columns: Column<Run>[] = [
  {
    title: 'day',
    show: (r) => <a href={`#/runs/${encodeURIComponent(r.run_id)}`}>{r.trade_day_utc}</a>,
  },
  {
    title: 'status',
    show: (r) => r.status,
    tone: (r) => (r.status === 'FAILED' ? 'down' : r.status === 'SUCCESS' ? 'up' : 'stale'),
  },
  { title: 'started', show: (r) => dateTime(r.started_at) },
  {
    title: 'took',
    show: (r) => (r.completed_at ? span(r.completed_at - r.started_at) : '–'),
    number: true,
  },
  { title: 'message', show: (r) => r.message },
];

const held: Column<Closed>[] = [
  { title: 'symbol', show: (p) => <a href={`#/positions/${p.id}`}>{p.symbol}</a> },
  { title: 'status', show: (p) => p.status },
  { title: 'qty', show: (p) => plain(p.qty), number: true },
  { title: 'entry', show: (p) => plain(p.entry_price), number: true },
  { title: 'exit', show: (p) => plain(p.close_price), number: true },
  { title: 'net', show: (p) => money(p.net_pnl, true), tone: (p) => sign(p.net_pnl), number: true },
];

const sent: Column<Intent>[] = [
  { title: 'time', show: (i) => dateTime(i.sent_at) },
  { title: 'symbol', show: (i) => i.symbol },
  { title: 'type', show: (i) => `${i.side} ${i.type}` },
  { title: 'qty', show: (i) => `${plain(i.executed_qty)} / ${plain(i.qty)}`, number: true },
  {
    title: 'status',
    show: (i) => i.state,
    tone: (i) => (i.state === 'REFUSED' || i.state === 'UNKNOWN' ? 'down' : ''),
  },
  { title: 'evidence', show: (i) => i.evidence },
];

const verdicts: Record<RankedContract['verdict'], Word> = {
  picked: 'picked',
  held: 'held',
  ordered: 'ordered',
  price: 'notBelieved',
  below: 'below',
};

const ranked: Column<RankedContract>[] = [
  { title: 'rank', show: (c) => c.rank, number: true },
  { title: 'symbol', show: (c) => c.symbol },
  {
    title: 'change',
    show: (c) => percent(c.change * 100, true),
    tone: (c) => sign(c.change),
    number: true,
  },
  { title: 'price', show: (c) => plain(c.last), number: true },
  {
    title: 'verdict',
    show: (c) => t(verdicts[c.verdict] ?? 'unknown') + (c.reason ? `: ${c.reason}` : ''),
    tone: (c) => (c.verdict === 'picked' ? 'up' : 'stale'),
  },
];

function Board({ ranking }: { ranking: Ranking | null }) {
  if (!ranking) return <p class="empty">{t('noRanking')}</p>;
  const notes = [`${ranking.universe} ${t('considered')}`];
  if (ranking.without_open) notes.push(`${ranking.without_open} ${t('withoutOpen')}`);
  if (ranking.rescaled) notes.push(`${ranking.rescaled} ${t('rescaled')}`);
  return (
    <>
      <p class="note">{notes.join(' · ')}</p>
      <Table
        rows={ranking.contracts}
        columns={ranked}
        name={(c) => c.symbol}
        label={t('ranking')}
      />
    </>
  );
}

export function Runs() {
  const { data, error } = useData<{ runs: Run[] }>('runs', { limit: 200 });
  return (
    <section class="panel">
      <h2>{t('runs')}</h2>
      <Trouble text={error} />
      <Table rows={data?.runs ?? []} columns={columns} name={(r) => r.run_id} label={t('runs')} />
    </section>
  );
}

export function RunDetail(props: { id: string }) {
  const { data, error } = useData<{
    run: Run;
    positions: Closed[];
    intents: Intent[];
    ranking: Ranking | null;
  }>(`runs/${encodeURIComponent(props.id)}`);
  return (
    <>
      <p>
        <a href="#/runs">← {t('back')}</a>
      </p>
      <Trouble text={error} />
      {data && (
        <>
          <section class="panel">
            <h2>{data.run.trade_day_utc}</h2>
            <p>
              {data.run.status} · {dateTime(data.run.started_at)} · {data.run.message}
            </p>
            <Table
              rows={data.positions}
              columns={held}
              name={(p) => p.id}
              label={t('positions')}
            />
          </section>
          <section class="panel">
            <h2>{t('ranking')}</h2>
            <Board ranking={data.ranking} />
          </section>
          <section class="panel">
            <h2>{t('intents')}</h2>
            <Table
              rows={data.intents}
              columns={sent}
              name={(i) => i.client_order_id}
              label={t('intents')}
            />
          </section>
        </>
      )}
    </>
  );
}
