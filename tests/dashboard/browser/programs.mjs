// The program's own processes for the browser tests: a paper exchange, and a dashboard with the
// service inside.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const PASSWORD = 'a password for tests only';

const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('BUBBLE_BUSTER')),
);

/** Starts a command and waits for its first line of JSON. */
async function start(program, args) {
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (bytes) => (errors += bytes));
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}: ${errors}`)));
  });
  return { child, announced: JSON.parse(first), errors: () => errors };
}

async function end(child) {
  if (child.exitCode !== null) return child.exitCode;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return ended;
}

export class World {
  static async make(program, data, { password = true, service = true } = {}) {
    const world = new World();
    world.program = program;
    world.folder = mkdtempSync(join(tmpdir(), 'bb-page-'));
    const account = 'page:page-key:page-secret:1000';
    world.paper = await start(program, ['paper', '--port', '0', '--data', data, '--json',
      '--no-limits', '--account', account]);
    let hash = '';
    if (password) {
      const made = spawnSync(program, ['dashboard', '--hash-password'], {
        input: `${PASSWORD}\n`, env: environment, encoding: 'utf8' });
      hash = made.stdout.trim();
      if (!hash.startsWith('$argon2id$')) throw new Error(`no hash: ${made.stderr}`);
    }
    const config = join(world.folder, 'config.ini');
    writeFileSync(config, `[binance]
api_key = page-key
api_secret = page-secret
base_url = ${world.paper.announced.base_url}
[strategy]
top_n = 4
[runtime]
lock_wait_sec = 1
manager_interval_sec = 2
dashboard_port = 0
run_service_with_dashboard = ${service}
state_dir = ${join(world.folder, 'state')}
[notify]
enabled = false
[dashboard]
password_hash = ${hash}
live_interval_sec = 5
`);
    chmodSync(config, 0o600);
    world.config = config;
    return world;
  }

  /** Runs a command to its end. */
  run(...args) {
    const done = spawnSync(this.program, [...args, '--config', this.config], {
      env: environment, encoding: 'utf8', timeout: 120_000 });
    return done;
  }

  async open() {
    this.page = await start(this.program, ['dashboard', '--json', '--config', this.config]);
    this.url = this.page.announced.url;
  }

  async close() {
    if (this.page) await end(this.page.child);
    await end(this.paper.child);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function wait_for(condition, what, seconds = 30) {
  const limit = Date.now() + seconds * 1000;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (Date.now() > limit) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
