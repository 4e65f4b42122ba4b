import { useState } from 'preact/hooks';
import { act } from '../actions';
import { Candles, type CandleRow, type Level } from '../charts';
import { dateTime, distance, money, plain, sign, span } from '../format';
import { t } from '../i18n';
import { Age, Choice, type Column, Table, Trouble } from '../parts';
import { now, session, useData } from '../state';
import type { Fill, Foreign, OrderEvent, Position, StandingOrder } from '../types';
import { eventColumns } from './orders';

interface Answer {
  positions: Position[];
  foreign: Foreign[];
  exchange_as_of: number | null;
  exchange_error: string | null;
}

interface Detail {
  position: Position;
  closed_at: number | null;
  close_price: number | null;
  fills: Fill[];
}

function Order(props: { order: StandingOrder | null; absent: string; bad: boolean }) {
  const { order } = props;
  if (!order) return <strong class={props.bad ? 'down' : 'stale'}>{props.absent}</strong>;
  return (
    <span title={`${order.type} ${order.client_order_id} ${t('since')} ${dateTime(order.since)}`}>
      ✓ {plain(order.trigger)} <small>{span(now.value - order.since)}</small>
    </span>
  );
}

function Protection({ position, asked }: { position: Position; asked: boolean }) {
  if (!asked) return <span class="stale">{t('notAsked')}</span>;
  if (!position.on_exchange) return <strong class="down">{t('notSeen')}</strong>;
  return (
    <span class="stack">
      <Order order={position.stop_order} absent={t('noStop')} bad />
      <Order order={position.target_order} absent={t('noTarget')} bad={false} />
      {position.last_error && <small class="clip down">{position.last_error}</small>}
    </span>
  );
}

function Price(props: { price: number | null | undefined; mark: number | undefined }) {
  return (
    <span class="stack">
      <span>{plain(props.price)}</span>
      <small>{distance(props.price, props.mark)}</small>
    </span>
  );
}

const fillColumns: Column<Fill>[] = [
  { title: 'time', show: (f) => dateTime(f.time) },
  { title: 'side', show: (f) => f.side },
  { title: 'qty', show: (f) => plain(f.qty), number: true },
  { title: 'price', show: (f) => plain(f.price), number: true },
  {
    title: 'pnl',
    show: (f) => money(f.realized, true),
    tone: (f) => sign(f.realized),
    number: true,
  },
  { title: 'fees', show: (f) => `${plain(f.commission)} ${f.commission_asset}`, number: true },
  { title: 'clientId', show: (f) => f.client_order_id },
];

const intervals = ['1m', '5m', '15m', '1h', '4h'] as const;

export function PositionDetail(props: { id: number }) {
  const [interval, setInterval] = useState<(typeof intervals)[number]>('15m');
  const { data, error } = useData<Detail>(`positions/${props.id}`);
  const symbol = data?.position.symbol;
  const events = useData<{ events: OrderEvent[] }>('orders', { position: props.id, limit: 200 });
  return (
    <>
      <p>
        <a href="#/positions">← {t('back')}</a>
      </p>
      <Trouble text={error} />
      {data && symbol && (
        <>
          <section class="panel">
            <div class="bar">
              <h2>{symbol}</h2>
              <Choice
                label="interval"
                value={interval}
                values={intervals.map((value) => ({ value, text: value }))}
                choose={setInterval}
              />
              {session.value?.may_act && data.position.status === 'OPEN' && (
                <button
                  type="button"
                  class="danger"
                  onClick={() => act({ action: 'flatten', symbol, percent: '100' })}
                >
                  {t('closeOne')}
                </button>
              )}
            </div>
            <Chart detail={data} interval={interval} />
          </section>
          <section class="panel">
            <h2>{t('fills')}</h2>
            <Table
              rows={data.fills}
              columns={fillColumns}
              name={(f) => f.trade_id}
              label={t('fills')}
            />
          </section>
          <section class="panel">
            <h2>{t('orders')}</h2>
            <Table
              rows={events.data?.events ?? []}
              columns={eventColumns}
              name={(e) => e.id}
              label={t('orders')}
            />
          </section>
        </>
      )}
    </>
  );
}

function Chart({ detail, interval }: { detail: Detail; interval: string }) {
  const { position } = detail;
  const hour = 3_600_000;
  const { data, error } = useData<{ candles: CandleRow[] }>('candles', {
    symbol: position.symbol,
    interval,
    from: position.opened_at - 6 * hour,
    limit: 1000,
  });
  const levels: Level[] = [
    { price: position.entry_price, title: t('entry'), colour: '--accent' },
  ];
  const stop = position.stop_order?.trigger ?? position.sl_price;
  const target = position.target_order?.trigger ?? position.tp_price;
  if (stop) levels.push({ price: stop, title: t('stop'), colour: '--down' });
  if (target) levels.push({ price: target, title: t('target'), colour: '--up' });
  if (position.liquidation) {
    levels.push({ price: position.liquidation, title: t('liquidation'), colour: '--warn' });
  }
  if (error && !data) return <Trouble text={error} />;
  if (!data || data.candles.length === 0) return <p class="empty">{t('noCandles')}</p>;
  const marks = detail.fills.map((fill) => ({
    at: fill.time,
    text: `${fill.side} ${plain(fill.qty)}`,
    buys: fill.side === 'BUY',
  }));
  return <Candles rows={data.candles} levels={levels} marks={marks} label={position.symbol} />;
}

export function Positions() {
  const { data, error } = useData<Answer>('positions');
  const asked = data?.exchange_as_of != null;
  const columns: Column<Position>[] = [
    { title: 'symbol', show: (p) => <a href={`#/positions/${p.id}`}>{p.symbol}</a> },
    { title: 'qty', show: (p) => plain(p.qty), number: true },
    { title: 'entry', show: (p) => plain(p.entry_price), number: true },
    { title: 'mark', show: (p) => plain(p.mark), number: true },
    {
      title: 'unrealized',
      show: (p) => money(p.unrealized, true),
      tone: (p) => sign(p.unrealized),
      number: true,
    },
    { title: 'target', show: (p) => <Price price={p.tp_price} mark={p.mark} />, number: true },
    { title: 'stop', show: (p) => <Price price={p.sl_price} mark={p.mark} />, number: true },
    {
      title: 'liquidation',
      show: (p) => <Price price={p.liquidation ?? p.liq_price_latest} mark={p.mark} />,
      number: true,
    },
    { title: 'age', show: (p) => span(now.value - p.opened_at), number: true },
    {
      title: 'left',
      show: (p) => (p.expire_at > now.value ? span(p.expire_at - now.value) : t('overdue')),
      tone: (p) => (p.expire_at > now.value ? '' : 'down'),
      number: true,
    },
    { title: 'protection', show: (p) => <Protection position={p} asked={asked} /> },
  ];
  const foreign: Column<Foreign>[] = [
    { title: 'symbol', show: (p) => p.symbol },
    { title: 'side', show: (p) => p.side },
    { title: 'qty', show: (p) => plain(p.exchange_qty), number: true },
    { title: 'entry', show: (p) => plain(p.entry_price), number: true },
    { title: 'mark', show: (p) => plain(p.mark), number: true },
    {
      title: 'unrealized',
      show: (p) => money(p.unrealized, true),
      tone: (p) => sign(p.unrealized),
      number: true,
    },
  ];
  return (
    <>
      <Trouble text={error || data?.exchange_error} />
      <section class="panel">
        <div class="bar">
          <h2>{t('positions')}</h2>
          <p class="note">
            {t('protection')}:{' '}
            {asked ? <Age at={data?.exchange_as_of ?? 0} limit={60_000} /> : t('notAsked')}
          </p>
        </div>
        <Table
          rows={data?.positions ?? []}
          columns={columns}
          name={(p) => p.id}
          label={t('positions')}
        />
      </section>
      {data && data.foreign.length > 0 && (
        <section class="panel">
          <h2>{t('foreign')}</h2>
          <Table
            rows={data.foreign}
            columns={foreign}
            name={(p) => p.symbol + p.side}
            label={t('foreign')}
          />
        </section>
      )}
    </>
  );
}
