import { useMemo, useState } from 'preact/hooks';
import { Curve } from '../charts';
import { money, percent, sign, span } from '../format';
import { t, type Word } from '../i18n';
import { Age, Card, Choice, Trouble } from '../parts';
import { now, state, useData } from '../state';
import type { Equity, Fall } from '../types';

const windows = ['1H', '1D', '1W', '1M', '1Y', 'All'] as const;
type Window = (typeof windows)[number];
type Kind = 'strategy' | 'account' | 'growth';
const kinds: Kind[] = ['strategy', 'account', 'growth'];

function FallRow(props: { name: Word; fall: Fall }) {
  return (
    <tr>
      <th scope="row">{t(props.name)}</th>
      <td class="number">{percent(props.fall.max_pct)}</td>
      <td class="number">{money(props.fall.max)}</td>
      <td class="number">{percent(props.fall.current_pct)}</td>
      <td class="number">{money(props.fall.current)}</td>
    </tr>
  );
}

function Falls({ data }: { data: Equity }) {
  return (
    <section class="panel">
      <h2>{t('falls')}</h2>
      <div class="scroll">
        <table class="compact">
          <thead>
            <tr>
              <td />
              <th class="number" scope="col">{t('worst')} %</th>
              <th class="number" scope="col">{t('worst')}</th>
              <th class="number" scope="col">{t('current')} %</th>
              <th class="number" scope="col">{t('current')}</th>
            </tr>
          </thead>
          <tbody>
            <FallRow name="fallGrowth" fall={data.drawdown} />
            <FallRow name="fallStrategy" fall={data.drawdown_strategy_original} />
            <FallRow name="fallAccount" fall={data.drawdown_account_original} />
          </tbody>
        </table>
      </div>
      <p class="note">
        {t('flows')}: {money(data.net_flows, true)}
      </p>
    </section>
  );
}

function EquityChart() {
  const [window, setWindow] = useState<Window>('1D');
  const [kind, setKind] = useState<Kind>('strategy');
  const { data, error } = useData<Equity>('equity', { window });
  const column = kind === 'account' ? 1 : kind === 'strategy' ? 2 : 3;
  const points = useMemo(
    () => (data?.points ?? []).map((p) => [p[0], p[column]] as [number, number]),
    [data, column],
  );
  return (
    <>
      <section class="panel">
        <div class="bar">
          <Choice
            label={t('equity')}
            value={kind}
            values={kinds.map((value) => ({ value, text: t(value) }))}
            choose={setKind}
          />
          <Choice
            label={t('windowOf')}
            value={window}
            values={windows.map((value) => ({ value, text: value }))}
            choose={setWindow}
          />
        </div>
        <Trouble text={error} />
        {points.length > 0 ? (
          <Curve points={points} percent={kind === 'growth'} label={`${t(kind)} ${window}`} />
        ) : (
          <p class="empty">{t('noData')}</p>
        )}
      </section>
      {data && <Falls data={data} />}
    </>
  );
}


export function Overview() {
  const known = state.value;
  if (!known) return <p class="empty">…</p>;
  const { equity, exchange, schedule, latest_run: run } = known;
  const clock = (at: number | null) => (at == null ? t('off') : span(at - now.value));
  return (
    <>
      <div class="cards">
        <Card
          title={`${t('equity')} (${known.asset})`}
          value={money(equity?.amount)}
          note={<Age at={equity?.as_of} limit={180_000} />}
        />
        <Card
          title={t('today')}
          value={money(equity?.day_pnl, true)}
          tone={sign(equity?.day_pnl)}
          note={percent(equity?.day_growth_pct, true)}
        />
        <Card
          title={t('drawdown')}
          value={percent(equity?.day_drawdown_pct)}
          note={`${t('maxDrawdown')} ${percent(equity?.day_max_drawdown_pct)}`}
        />
        <Card
          title={t('unrealized')}
          value={money(exchange.unrealized, true)}
          tone={sign(exchange.unrealized)}
          note={exchange.error ?? <Age at={exchange.as_of} limit={60_000} />}
        />
        <Card
          title={t('exposure')}
          value={money(exchange.exposure)}
          note={`${t('margin')} ${money(exchange.margin)}`}
        />
        <Card title={t('available')} value={money(exchange.available)} />
        <Card
          title={t('openPositions')}
          value={String(known.open_positions ?? '–')}
          tone={known.positions_with_error ? 'down' : ''}
          note={known.positions_with_error ? `${known.positions_with_error} ${t('withError')}` : ''}
        />
        <Card
          title={t('nextEntry')}
          value={clock(schedule.next_entry)}
          note={schedule.timezone}
        />
        <Card title={t('nextCut')} value={clock(schedule.next_loss_cut)} />
        <Card
          title={t('lastRun')}
          value={run?.status ?? t('none')}
          tone={run?.status === 'FAILED' ? 'down' : ''}
          note={run ? `${run.trade_day_utc} ${run.message}` : ''}
        />
      </div>
      <EquityChart />
    </>
  );
}
