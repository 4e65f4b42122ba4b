// The page in Chromium against a dashboard with the service inside, on the paper exchange.
// Called as: node page_test.mjs PROGRAM DATA SCREENSHOTS
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { PASSWORD, wait_for, World } from './programs.mjs';

const [given, data, shots] = process.argv.slice(2);
const program = process.env.BB_PROGRAM ?? given;
const pages = ['overview', 'positions', 'runs', 'closed', 'statistics', 'orders', 'logs', 'actions'];
mkdirSync(shots, { recursive: true });

let world;
let browser;

before(async () => {
  world = await World.make(program, data);
  const entry = world.run('entry', '--json');
  assert.equal(entry.status, 0, entry.stdout + entry.stderr);
  const closed = world.run('flatten', '--percent', '100', '--symbol', first_symbol(entry), '--json');
  assert.equal(closed.status, 0, closed.stdout + closed.stderr);
  await world.open();
  browser = await chromium.launch({
    executablePath: process.env.BB_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  });
});

after(async () => {
  await browser?.close();
  await world?.close();
});

function first_symbol(entry) {
  const report = JSON.parse(entry.stdout);
  return (report.opened[0].symbol ?? report.opened[0]);
}

/** A page of its own profile; what goes wrong in it is collected. */
async function visit({ width = 1280, theme = 'dark', language = 'en', sign_in = true } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: 900 }, colorScheme: theme, locale: language === 'zh' ? 'zh-CN' : 'en-US' });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    // A refused sign-in is shown by the page; the browser reports its status, too.
    if (message.type() === 'error' && !text.includes('status of 4')) faults.push(text);
  });
  await page.goto(world.url);
  if (sign_in) {
    await page.fill('input[type=password]', PASSWORD);
    await page.click('button[type=submit]');
    await page.waitForSelector('nav');
  }
  return { context, page, faults };
}

async function show(page, name) {
  await page.click(`nav a[href="#/${name}"]`);
  await page.waitForSelector(`nav a[href="#/${name}"][aria-current=page]`);
  await page.waitForFunction(() => !document.querySelector('main')?.textContent.includes('…'));
}

test('nothing is shown before the right password, and all of it after', async () => {
  const { context, page, faults } = await visit({ sign_in: false });
  await page.waitForSelector('input[type=password]');
  assert.equal(await page.locator('nav').count(), 0);
  await page.fill('input[type=password]', 'not the password');
  await page.click('button[type=submit]');
  await page.waitForSelector('.trouble');
  assert.match(await page.textContent('.trouble'), /not the password/);
  await page.fill('input[type=password]', PASSWORD);
  await page.click('button[type=submit]');
  await page.waitForSelector('.banner');
  assert.match(await page.textContent('.banner'), /PAPER/);
  const cookies = await context.cookies();
  const cookie = cookies.find((each) => each.name === '__Host-bubble-buster');
  assert.ok(cookie?.httpOnly && cookie.secure && cookie.sameSite === 'Strict' && cookie.path === '/');
  assert.deepEqual(faults, []);
  await context.close();
});

for (const width of [1280, 390]) {
  for (const theme of ['dark', 'light']) {
    for (const language of ['en', 'zh']) {
      test(`every page at ${width} px, ${theme}, ${language}`, async () => {
        const { context, page, faults } = await visit({ width, theme, language });
        await wait_for(() => page.locator('.health .up').count(), 'the service runs');
        for (const name of pages) {
          await show(page, name);
          const wide = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          assert.ok(wide <= 0, `${name} is ${wide} px too wide`);
          await page.waitForTimeout(400);  // the chart draws itself
          await page.screenshot({ path: join(shots, `${name}-${width}-${theme}-${language}.png`) });
        }
        await show(page, 'positions');
        await page.click('td a');
        await page.waitForSelector('.chart canvas, .empty, .trouble');
        await page.waitForTimeout(600);
        await page.screenshot({ path: join(shots, `position-${width}-${theme}-${language}.png`) });
        assert.deepEqual(faults, []);
        await context.close();
      });
    }
  }
}

test('every open position is seen with its stop and take-profit on the exchange', async () => {
  const { context, page } = await visit();
  await show(page, 'positions');
  await wait_for(async () => (await page.locator('tbody tr').count()) === 3, 'three positions');
  await wait_for(async () => {
    const text = await page.textContent('main');
    return (text.match(/✓/g) ?? []).length === 6;
  }, 'six protective orders');
  assert.equal(await page.getByText('NO STOP').count(), 0);
  await context.close();
});

async function act(page, button) {
  await page.click(`button:has-text("${button}")`);
  await page.click('dialog button.danger');
  await page.waitForSelector('dialog h2:has-text("Result")', { timeout: 60_000 });
  const text = await page.textContent('dialog pre');
  await page.click('dialog button:has-text("Back")');
  return text;
}

test('pause, patrol, resume and flatten are described, confirmed, done and audited', async () => {
  const { context, page, faults } = await visit();
  await show(page, 'actions');
  await act(page, 'Pause entries');
  await page.waitForSelector('.health .down:has-text("paused")');
  await act(page, 'Patrol now');
  await act(page, 'Resume entries');
  await page.waitForSelector('.health .up:has-text("allowed")');
  const flat = await act(page, 'Flatten everything');
  assert.match(flat, /FLAT/);
  await show(page, 'positions');
  await wait_for(async () => (await page.locator('tbody tr').count()) === 0, 'no position is left');
  await show(page, 'actions');
  const audit = await page.textContent('main');
  for (const kind of ['pause', 'manage', 'resume', 'flatten']) assert.match(audit, new RegExp(kind));
  assert.match(audit, /dashboard, owner at 127.0.0.1/);
  assert.deepEqual(faults, []);
  await context.close();
});

test('a change is pushed: the page shows a pause that a shell made, without asking', async () => {
  const { context, page } = await visit();
  let asked = 0;
  page.on('request', (request) => (asked += request.url().includes('/api/') ? 1 : 0));
  await page.waitForSelector('.health');
  const made = world.run('resume', '--json');
  assert.equal(made.status, 0, made.stderr);
  await page.waitForSelector('.health .up:has-text("allowed")');
  assert.equal(world.run('pause', '--json').status, 0);
  await page.waitForSelector('.health .down:has-text("paused")');
  await context.close();
});

test('health tells the truth within five seconds when the service stops', async () => {
  const beside = await World.make(program, data, { service: false, password: false });
  try {
    await beside.open();
    const health = async () => (await fetch(`${beside.url}healthz`)).status;
    await wait_for(async () => (await health()) === 503, 'no service yet', 5);
    assert.equal((await (await fetch(`${beside.url}healthz`)).json()).service_running, false);
  } finally {
    await beside.close();
  }
});
