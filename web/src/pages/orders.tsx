import { useState } from 'preact/hooks';
import { dateTime, plain } from '../format';
import { t } from '../i18n';
import { type Column, Table, Trouble } from '../parts';
import { useData } from '../state';
import type { OrderEvent } from '../types';

export const eventColumns: Column<OrderEvent>[] = [
  { title: 'time', show: (e) => dateTime(e.time) },
  {
    title: 'symbol',
    show: (e) =>
      e.position_id ? <a href={`#/positions/${e.position_id}`}>{e.symbol}</a> : e.symbol,
  },
  { title: 'type', show: (e) => e.type },
  { title: 'side', show: (e) => e.side },
  { title: 'qty', show: (e) => plain(e.qty), number: true },
  { title: 'price', show: (e) => plain(e.price), number: true },
  { title: 'status', show: (e) => e.status },
  { title: 'clientId', show: (e) => e.client_order_id },
  { title: 'orderId', show: (e) => e.order_id, number: true },
];

export function Orders() {
  const [symbol, setSymbol] = useState('');
  const [limit, setLimit] = useState(120);
  const { data, error } = useData<{ events: OrderEvent[] }>('orders', { symbol, limit });
  const rows = data?.events ?? [];
  return (
    <section class="panel">
      <div class="bar">
        <h2>{t('orders')}</h2>
        <label>
          {t('symbol')}{' '}
          <input
            value={symbol}
            maxLength={40}
            onChange={(e) => setSymbol(e.currentTarget.value.trim().toUpperCase())}
          />
        </label>
      </div>
      <Trouble text={error} />
      <Table rows={rows} columns={eventColumns} name={(e) => e.id} label={t('orders')} />
      {rows.length === limit && limit < 1000 && (
        <button type="button" onClick={() => setLimit(Math.min(1000, limit * 2))}>
          {t('more')}
        </button>
      )}
    </section>
  );
}
