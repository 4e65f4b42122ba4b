// What the whole page knows: session, settings of this browser, the event stream, the clock.
import { effect, signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, get, keep, type Query, type Session } from './api';
import type { State } from './types';

export const session = signal<Session | null>(null);
export const state = signal<State | null>(null);
/** The server's time: this machine's clock may be wrong, and a replay has one of its own. */
export const now = signal(Date.now());
/** How fast it goes by: 1 but in a replay. */
export const rate = signal(1);
export const news = signal(0); // grows with every change that the server tells
export const connected = signal<'connecting' | 'open' | 'lost'>('connecting');
export const failure = signal('');

type Language = 'en' | 'zh';
type Theme = 'auto' | 'dark' | 'light';
export type ZoneChoice = 'local' | 'service' | 'utc';

function stored<T extends string>(key: string, values: readonly T[], otherwise: T) {
  let found: string | null = null;
  try {
    found = localStorage.getItem(key);
  } catch {
    // A browser that forbids storage still shows the page.
  }
  const kept = signal<T>(values.includes(found as T) ? (found as T) : otherwise);
  effect(() => {
    try {
      localStorage.setItem(key, kept.value);
    } catch {
      // the same
    }
  });
  return kept;
}

const spoken: Language = navigator.language.startsWith('zh') ? 'zh' : 'en';
export const language = stored<Language>('bb-language', ['en', 'zh'], spoken);
export const theme = stored<Theme>('bb-theme', ['auto', 'dark', 'light'], 'auto');
export const zone = stored<ZoneChoice>('bb-zone', ['local', 'service', 'utc'], 'local');

const prefersLight = matchMedia('(prefers-color-scheme: light)');
export const isLight = signal(false);
const judge = () => {
  isLight.value = theme.value === 'auto' ? prefersLight.matches : theme.value === 'light';
  document.documentElement.dataset.theme = isLight.value ? 'light' : 'dark';
};
effect(judge);
prefersLight.addEventListener('change', judge);
effect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
});

export async function loadSession(): Promise<void> {
  session.value = keep(await get<Session>('session'));
}

export async function loadState(): Promise<void> {
  try {
    const told = await get<State>('state');
    setClock(told);
    state.value = told;
    failure.value = '';
  } catch (error) {
    failure.value = (error as Error).message;
    if (error instanceof ApiError && error.status === 401) await loadSession();
  }
}

let known = { server: Date.now(), here: Date.now() };

function setClock(told: State): void {
  const { replay } = told;
  known = { server: told.now, here: Date.now() };
  rate.value = replay ? (replay.paused || replay.ended ? 0 : replay.speed) : 1;
  tick();
}

function tick(): void {
  now.value = known.server + (Date.now() - known.here) * rate.value;
}

let source: EventSource | null = null;
let due = 0;

function heard(): void {
  connected.value = 'open';
  if (due) return;
  // Changes come in bursts: a fill is four rows.
  due = window.setTimeout(() => {
    due = 0;
    news.value += 1;
    void loadState();
  }, 250);
}

/** Opens the event stream; the browser opens it again by itself. */
export function listen(): void {
  hush();
  void loadState();
  source = new EventSource('./api/v1/events');
  source.addEventListener('news', heard);
  source.onopen = () => (connected.value = 'open');
  source.onerror = () => {
    connected.value = 'lost';
    if (source?.readyState === EventSource.CLOSED) window.setTimeout(listen, 3000);
  };
}

export function hush(): void {
  source?.close();
  source = null;
}

setInterval(tick, 1000);

export interface Loaded<T> {
  data: T | null;
  error: string;
}

/** Loads an address now, and again whenever the server tells a change. */
export function useData<T>(path: string, query: Query = {}): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ data: null, error: '' });
  const key = path + JSON.stringify(query);
  const version = news.value;
  useEffect(() => {
    let gone = false;
    get<T>(path, query).then(
      (data) => gone || setLoaded({ data, error: '' }),
      // What was seen last stays, with the reason why it is old.
      (error: Error) => gone || setLoaded((last) => ({ data: last.data, error: error.message })),
    );
    return () => {
      gone = true;
    };
  }, [key, version]);
  return loaded;
}
