// Imported first: a client's timer of minutes (ccxt extends listen keys by one) does not keep the
// tests' process alive.
const begin = globalThis.setTimeout;
globalThis.setTimeout = (action, ms, ...more) => {
  const timer = begin(action, ms, ...more);
  if (ms > 60_000) timer.unref();
  return timer;
};
