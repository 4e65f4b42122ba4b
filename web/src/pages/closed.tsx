import { useState } from 'preact/hooks';
import { address } from '../api';
import { dateTime, money, plain, sign, span } from '../format';
import { t } from '../i18n';
import { type Column, Table, Trouble } from '../parts';
import { useData } from '../state';
import type { Closed } from '../types';

const reasons = [
  '',
  'CLOSED_TP',
  'CLOSED_SL',
  'CLOSED_TIMEOUT',
  'CLOSED_EXTERNAL',
  'CLOSED_RISK_OFF',
  'CLOSED_DAILY_LOSS_CUT',
  'CLOSED_FLATTEN',
];

const columns: Column<Closed>[] = [
  { title: 'closedAt', show: (p) => dateTime(p.closed_at) },
  { title: 'symbol', show: (p) => <a href={`#/positions/${p.id}`}>{p.symbol}</a> },
  { title: 'reason', show: (p) => <span title={p.close_reason}>{p.status}</span> },
  { title: 'qty', show: (p) => plain(p.qty), number: true },
  { title: 'entry', show: (p) => plain(p.entry_price), number: true },
  { title: 'exit', show: (p) => plain(p.close_price), number: true },
  { title: 'age', show: (p) => span((p.closed_at ?? 0) - p.opened_at), number: true },
  { title: 'gross', show: (p) => money(p.gross_pnl, true), number: true },
  { title: 'fees', show: (p) => money(p.commission), number: true },
  { title: 'funding', show: (p) => money(p.funding, true), number: true },
  { title: 'net', show: (p) => money(p.net_pnl, true), tone: (p) => sign(p.net_pnl), number: true },
];

export function ClosedPositions() {
  const [symbol, setSymbol] = useState('');
  const [reason, setReason] = useState('');
  const [limit, setLimit] = useState(100);
  const filter = { symbol, reason };
  const { data, error } = useData<{ positions: Closed[] }>('closed', { ...filter, limit });
  const rows = data?.positions ?? [];
  return (
    <section class="panel">
      <div class="bar">
        <h2>{t('closed')}</h2>
        <label>
          {t('symbol')}{' '}
          <input
            value={symbol}
            maxLength={40}
            onChange={(e) => setSymbol(e.currentTarget.value.trim().toUpperCase())}
          />
        </label>
        <label>
          {t('reason')}{' '}
          <select value={reason} onChange={(e) => setReason(e.currentTarget.value)}>
            {reasons.map((each) => (
              <option key={each} value={each}>
                {each || t('all')}
              </option>
            ))}
          </select>
        </label>
        <a href={address('closed.csv', { ...filter, limit: 100_000 })} download>
          CSV
        </a>
      </div>
      <Trouble text={error} />
      <Table rows={rows} columns={columns} name={(p) => p.id} label={t('closed')} />
      {rows.length === limit && limit < 500 && (
        <button type="button" onClick={() => setLimit(500)}>
          {t('more')}
        </button>
      )}
    </section>
  );
}
