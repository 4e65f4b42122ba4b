// The fixture's process, and a browser for it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

export const PASSWORD = 'a password for tests only';

/** A dashboard over a made-up account; `payloads` stand in every field that comes from outside. */
export async function open_fixture(program, { password = PASSWORD, payloads = [] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bb-page-'));
  const file = join(folder, 'payloads.txt');
  if (payloads.length > 0) writeFileSync(file, payloads.join('\n'));
  const child = spawn(program, [folder, password, payloads.length > 0 ? file : ''], {
    stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (bytes) => (errors += bytes));
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the fixture ended with ${code}: ${errors}`)));
  });
  const close = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
    if (errors) throw new Error(`the fixture said: ${errors}`);
  };
  return { url: JSON.parse(first).url, child, close };
}

export function open_browser() {
  return chromium.launch({
    executablePath: process.env.BB_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  });
}

/** A page of its own profile; what goes wrong in it is collected. */
export async function visit(browser, url, options = {}) {
  const { width = 1280, theme = 'dark', language = 'en', password = PASSWORD } = options;
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: theme,
    locale: language === 'zh' ? 'zh-CN' : 'en-US',
  });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    const text = message.text();
    // A refused sign-in is shown by the page; the browser reports its status, too.
    if (message.type() === 'error' && !text.includes('status of 4')) faults.push(text);
  });
  await page.goto(url);
  if (password) {
    await page.fill('input[type=password]', password);
    await page.click('button[type=submit]');
    await page.waitForSelector('nav');
  }
  return { context, page, faults };
}

export const pages = ['overview', 'positions', 'runs', 'closed', 'statistics', 'orders', 'logs',
  'actions'];

export async function show(page, name) {
  await page.click(`nav a[href="#/${name}"]`);
  await page.waitForSelector(`nav a[href="#/${name}"][aria-current=page]`);
  await page.waitForSelector('main .panel, main .card');
}

export async function wait_for(condition, what, seconds = 60) {
  const limit = Date.now() + seconds * 1000;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (Date.now() > limit) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
