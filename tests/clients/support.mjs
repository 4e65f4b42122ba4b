// A paper exchange of the test's own, and ccxt pointed at it by nothing but its URLs.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import ccxt from 'ccxt';

const program = process.env.BB_PROGRAM ?? process.argv[2] ?? 'build/bubble-buster';

/** Starts `bubble-buster paper`; resolves to { url, stop } once it listens. */
export async function startPaper(...more) {
  const child = spawn(
    program,
    ['paper', '--port', '0', '--seed', '7', '--json', ...more],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([
    new Promise((resolve) => lines.once('line', resolve)),
    ended.then((code) => {
      throw new Error(`the paper exchange ended with ${code} before it listened`);
    }),
  ]);
  return {
    url: JSON.parse(first).base_url,
    async stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** ccxt's binanceusdm with every host replaced and nothing else changed. */
export async function client(url, options = {}) {
  const exchange = new ccxt.pro.binanceusdm(options);
  await exchange.loadHttpProxyAgent(); // it asks for that before any socket without TLS
  const socket = url.replace(/^http/, 'ws');
  const hosts = [
    [/^https:\/\/(fapi|api|dapi|eapi|papi|www)\.binance\.com/, url],
    [/^wss:\/\/fstream\.binance\.com/, socket],
    [/^wss:\/\/ws-fapi\.binance\.com/, socket],
  ];
  const moved = (value) => {
    if (typeof value === 'string')
      return hosts.reduce((text, [host, ours]) => text.replace(host, ours), value);
    if (value !== null && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, moved(inner)]));
    return value;
  };
  exchange.urls.api = moved(exchange.urls.api);
  return exchange;
}

/** Waits for an asynchronous condition; the last thing seen is in the error. */
export async function until(what, seen, holds, limitMs = 20_000) {
  const limit = Date.now() + limitMs;
  for (;;) {
    const value = await seen();
    if (holds(value)) return value;
    if (Date.now() > limit) throw new Error(`waited for ${what}; last: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
