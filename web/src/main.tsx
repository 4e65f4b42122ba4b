import './style.css';
import { signal } from '@preact/signals';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ActionDialog } from './actions';
import { keep, post, type Session } from './api';
import { dateTime } from './format';
import { t, type Word } from './i18n';
import { Actions } from './pages/actions';
import { ClosedPositions } from './pages/closed';
import { Logs } from './pages/logs';
import { Orders } from './pages/orders';
import { Overview } from './pages/overview';
import { PositionDetail, Positions } from './pages/positions';
import { RunDetail, Runs } from './pages/runs';
import { StatisticsPage } from './pages/statistics';
import { Age, Choice, Trouble } from './parts';
import { ReplayBar } from './replay';
import {
  connected,
  failure,
  hush,
  language,
  listen,
  loadSession,
  now,
  session,
  state,
  theme,
  zone,
} from './state';

const pages: Word[] = [
  'overview',
  'positions',
  'runs',
  'closed',
  'statistics',
  'orders',
  'logs',
  'actions',
];

const route = signal(location.hash);
addEventListener('hashchange', () => (route.value = location.hash));

function Page() {
  const [name, id] = route.value.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  switch (name) {
    case 'positions':
      return id ? <PositionDetail id={Number(id)} /> : <Positions />;
    case 'runs':
      return id ? <RunDetail id={id} /> : <Runs />;
    case 'closed':
      return <ClosedPositions />;
    case 'statistics':
      return <StatisticsPage />;
    case 'orders':
      return <Orders />;
    case 'logs':
      return <Logs />;
    case 'actions':
      return <Actions />;
    default:
      return <Overview />;
  }
}

function SignIn() {
  const [error, setError] = useState('');
  const [working, setWorking] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const password = String(new FormData(form).get('password') ?? '');
    setWorking(true);
    try {
      session.value = keep(await post<Session>('sign-in', { password }));
    } catch (reason) {
      setError((reason as Error).message);
    }
    setWorking(false);
  };
  return (
    <main class="door">
      <form onSubmit={submit} class="panel">
        <h1>Bubble Buster</h1>
        <label>
          {t('password')}
          <input
            name="password"
            type="password"
            autocomplete="current-password"
            required
            autofocus
          />
        </label>
        <button type="submit" disabled={working}>
          {t('signIn')}
        </button>
        <Trouble text={error} />
      </form>
    </main>
  );
}

async function leave() {
  hush();
  session.value = keep(await post<Session>('sign-out', {}));
  await loadSession();
}

function Switches() {
  return (
    <div class="switches">
      <select
        aria-label={t('zone')}
        value={zone.value}
        onChange={(e) => (zone.value = e.currentTarget.value as typeof zone.value)}
      >
        <option value="local">{t('zoneLocal')}</option>
        <option value="service">{state.value?.schedule.timezone ?? t('zoneService')}</option>
        <option value="utc">UTC</option>
      </select>
      <Choice
        label={t('theme')}
        value={theme.value}
        values={[
          { value: 'auto', text: '◐' },
          { value: 'dark', text: '☾' },
          { value: 'light', text: '☀' },
        ]}
        choose={(value) => (theme.value = value)}
      />
      <button
        type="button"
        lang={language.value === 'zh' ? 'en' : 'zh-CN'}
        onClick={() => (language.value = language.value === 'zh' ? 'en' : 'zh')}
      >
        {t('language')}
      </button>
      {session.value?.signed_in && (
        <button type="button" onClick={() => void leave()}>
          {t('signOut')}
        </button>
      )}
    </div>
  );
}

function Health() {
  const known = state.value;
  if (!known) return null;
  const holder = known.holder.state;
  const words: Record<string, Word> = { answers: 'running', absent: 'down', silent: 'silent' };
  const word = words[holder] ?? 'unknown';
  const latch = known.latch;
  return (
    <p class="health">
      <span class={holder === 'answers' ? 'up' : 'down'}>
        ● {t('service')}: {t(word)}
        {known.holder.command ? ` (${known.holder.command} ${known.holder.pid})` : ''}
      </span>
      <span class={latch ? 'down' : 'up'}>
        ● {t('entries')}: {latch ? t(latch.kind) : t('allowed')}
        {latch ? ` · ${latch.who}: ${latch.why} · ${dateTime(latch.since)}` : ''}
      </span>
      <span>
        {dateTime(now.value)} · <Age at={known.now} limit={30_000} />
      </span>
    </p>
  );
}

function Banner() {
  const environment = state.value?.environment;
  if (!environment) return null;
  const word = (['live', 'testnet', 'paper'] as Word[]).find((each) => each === environment);
  return (
    <p class={`banner ${environment}`} role="status">
      {word ? t(word) : environment} · {state.value?.account}
    </p>
  );
}

function App() {
  const known = session.value;
  const mayLook = known !== null && known.role !== 'nobody';
  useEffect(() => {
    if (mayLook) listen();
    return hush;
  }, [mayLook]);
  if (!known) return <Trouble text={failure.value} />;
  if (!mayLook) return <SignIn />;
  const here = route.value.replace(/^#\/?/, '').split('/')[0] || 'overview';
  return (
    <>
      <a class="skip" href="#content" onClick={(e) => {
        e.preventDefault();
        document.getElementById('content')?.focus();
      }}>
        {t('skip')}
      </a>
      <Banner />
      <header>
        <div class="bar">
          <h1>Bubble Buster</h1>
          <Switches />
        </div>
        <nav aria-label="Bubble Buster">
          {pages.map((page) => (
            <a key={page} href={`#/${page}`} aria-current={page === here ? 'page' : undefined}>
              {t(page)}
            </a>
          ))}
        </nav>
        <Health />
        <ReplayBar />
      </header>
      <main id="content" tabIndex={-1}>
        {connected.value === 'lost' && <Trouble text={t('lost')} />}
        <Trouble text={failure.value} />
        <Trouble text={state.value?.database_error} />
        <Page />
      </main>
      <footer>
        <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer noopener">
          {t('charts')}
        </a>{' '}
        · bubble-buster {known.version}
      </footer>
      <ActionDialog />
    </>
  );
}

loadSession().catch((error: Error) => (failure.value = error.message));
render(<App />, document.getElementById('app') as HTMLElement);
