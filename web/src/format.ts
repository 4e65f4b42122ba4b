// Numbers and times as people read them.
import { language, state, zone } from './state';

export function zoneName(): string | undefined {
  if (zone.value === 'utc') return 'UTC';
  if (zone.value === 'service') return state.value?.schedule.timezone;
  return undefined;
}

const made = new Map<string, Intl.DateTimeFormat>();
function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const timeZone = zoneName();
  const key = JSON.stringify([timeZone, options]);
  let found = made.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat('sv-SE', { ...options, timeZone, hourCycle: 'h23' });
    made.set(key, found);
  }
  return found;
}

export function dateTime(ms: number | null | undefined): string {
  if (ms == null) return '–';
  return formatter({ dateStyle: 'short', timeStyle: 'medium' }).format(ms);
}

export function shortTime(ms: number, withDate: boolean): string {
  const date = { month: '2-digit', day: '2-digit' } as const;
  const time = { hour: '2-digit', minute: '2-digit' } as const;
  return formatter(withDate ? date : time).format(ms);
}

export function money(value: number | null | undefined, signed = false): string {
  if (value == null) return '–';
  const text = value.toLocaleString('en-US', {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  });
  return signed && value > 0 ? `+${text}` : text;
}

export function plain(value: number | null | undefined): string {
  if (value == null) return '–';
  return value.toLocaleString('en-US', { maximumSignificantDigits: 9, useGrouping: false });
}

export function percent(value: number | null | undefined, signed = false): string {
  if (value == null || !Number.isFinite(value)) return '–';
  return `${signed && value > 0 ? '+' : ''}${value.toFixed(2)} %`;
}

/** "2 h 05 m"; the two largest units. */
export function span(ms: number): string {
  const zh = language.value === 'zh';
  const s = Math.max(0, Math.round(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  if (s < 60) return zh ? `${s} 秒` : `${s} s`;
  if (s < 3600) {
    const m = Math.floor(s / 60);
    return zh ? `${m} 分 ${two(s % 60)} 秒` : `${m} m ${two(s % 60)} s`;
  }
  const h = Math.floor(s / 3600);
  const m = Math.floor((s % 3600) / 60);
  if (h < 48) return zh ? `${h} 小时 ${two(m)} 分` : `${h} h ${two(m)} m`;
  return zh ? `${Math.floor(h / 24)} 天 ${h % 24} 小时` : `${Math.floor(h / 24)} d ${h % 24} h`;
}

export function sign(value: number | null | undefined): string {
  if (!value) return '';
  return value > 0 ? 'up' : 'down';
}

/** How far a price is from the mark, in percent of the mark. */
export function distance(price: number | null | undefined, mark: number | undefined): string {
  if (price == null || !mark) return '';
  return percent(((price - mark) / mark) * 100, true);
}
