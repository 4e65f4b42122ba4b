// What the API answers; docs/openapi.json says the same. Times are milliseconds since 1970, UTC.
export interface Run {
  run_id: string;
  trade_day_utc: string;
  started_at: number;
  completed_at: number | null;
  status: string;
  message: string;
}

export interface Replay {
  speed: number; // virtual seconds per real second
  paused: boolean;
  ended: boolean;
  begin: number;
  end: number;
}

export interface State {
  account: string;
  environment: string;
  version: string;
  now: number;
  asset: string;
  service_enabled: boolean;
  schedule: { timezone: string; next_entry: number | null; next_loss_cut: number | null };
  holder: { state: string; asked_at: number; command?: string; pid?: number; text?: string };
  latch: { kind: 'paused' | 'halted'; who: string; why: string; since: number } | null;
  exchange: {
    asked: boolean;
    error: string | null;
    as_of?: number;
    wallet?: number;
    available?: number;
    unrealized?: number;
    exposure?: number;
    margin?: number;
    positions?: number;
    orders?: number;
  };
  replay: Replay | null;
  entry_catchup_enabled: boolean;
  database_error: string | null;
  open_positions?: number;
  positions_with_error?: number;
  latest_run?: Run | null;
  equity?: {
    amount: number;
    as_of: number;
    day_pnl?: number;
    day_growth_pct?: number;
    day_drawdown_pct?: number;
    day_max_drawdown_pct?: number;
  } | null;
}

export interface StandingOrder {
  type: string;
  order_id: number;
  client_order_id: string;
  trigger: number;
  closes_position: boolean;
  since: number;
  confirmed_at: number;
}

export interface Position {
  id: number;
  run_id: string;
  symbol: string;
  side: string;
  status: string;
  qty: number;
  entry_price: number;
  tp_price: number | null;
  sl_price: number | null;
  liq_price_latest: number | null;
  opened_at: number;
  expire_at: number;
  realized: number;
  commission: number;
  funding: number;
  last_error: string | null;
  stop_order: StandingOrder | null;
  target_order: StandingOrder | null;
  on_exchange: boolean;
  mark?: number;
  exchange_qty?: number;
  liquidation?: number | null;
  unrealized?: number;
  margin?: number;
  notional?: number;
}

export interface Foreign {
  symbol: string;
  side: string;
  entry_price: number;
  mark: number;
  exchange_qty: number;
  unrealized: number;
  notional: number;
}

export interface Fill {
  symbol: string;
  trade_id: number;
  order_id: number;
  client_order_id: string;
  side: string;
  qty: number;
  price: number;
  realized: number;
  commission: number;
  commission_asset: string;
  maker: boolean;
  time: number;
}

export interface Closed {
  id: number;
  run_id: string;
  symbol: string;
  status: string;
  close_reason: string;
  qty: number;
  entry_price: number;
  close_price: number | null;
  opened_at: number;
  closed_at: number | null;
  gross_pnl: number | null;
  net_pnl: number | null;
  commission: number;
  funding: number;
  fills: number;
}

export interface OrderEvent {
  id: number;
  position_id: number;
  symbol: string;
  order_id: number;
  client_order_id: string;
  type: string;
  side: string;
  price: number;
  qty: number;
  status: string;
  time: number;
  position_status: string | null;
}

export interface Fall {
  max: number;
  max_pct: number;
  current: number;
  current_pct: number;
}

export interface Equity {
  window: string;
  resolution_ms: number;
  drawdown_account_original: Fall;
  drawdown_strategy_original: Fall;
  drawdown: Fall;
  net_flows: number;
  points: [number, number, number, number][]; // time, equity, without flows, growth in percent
  flows: [number, number][];
}

export interface Group {
  priced: number;
  unpriced: number;
  wins: number;
  losses: number;
  breakeven: number;
  win_rate_pct: number;
  total: number;
  gross_profit: number;
  gross_loss: number;
  average_win: number;
  average_loss: number;
  profit_factor: number | null;
  average_ratio: number | null;
  commission?: number;
  funding?: number;
}

export interface Statistics {
  original: Group;
  net: Group;
  by_reason: Record<string, Group>;
  by_symbol: Record<string, Group>;
  by_hour_utc: Record<string, Group>;
  by_hold_hours: Record<string, Group>;
}

export interface Intent {
  client_order_id: string;
  symbol: string;
  attempt: number;
  side: string;
  type: string;
  qty: number;
  executed_qty: number;
  sent_at: number;
  state: string;
  evidence: string;
}

export interface RankedContract {
  rank: number;
  symbol: string;
  change: number; // a ratio since 00:00 UTC
  last: number;
  verdict: 'picked' | 'held' | 'ordered' | 'price' | 'below';
  reason: string | null;
}

export interface Ranking {
  universe: number;
  without_open: number;
  rescaled: number;
  contracts: RankedContract[];
}

export interface AuditRow {
  id: string;
  kind: string;
  who: string;
  arguments: string;
  made_at: number;
  ended_at: number | null;
  state: string;
  exit_code: number;
  text: string;
}

export interface Cashflow {
  type: string;
  asset: string;
  amount: number;
  time: number;
  info: string;
}
