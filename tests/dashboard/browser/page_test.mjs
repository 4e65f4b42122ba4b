// Every page in Chromium, over a made-up account with a year of history.
// Called as: node page_test.mjs FIXTURE SCREENSHOTS
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { open_browser, open_fixture, pages, PASSWORD, show, visit, wait_for } from './programs.mjs';

const [program, shots] = process.argv.slice(2);
mkdirSync(shots, { recursive: true });

let fixture;
let browser;

before(async () => {
  fixture = await open_fixture(program);
  browser = await open_browser();
});

after(async () => {
  await browser?.close();
  await fixture?.close();
});

const rows = (page) => page.locator('main table:not(.compact) tbody tr').count();

test('nothing is shown before the right password, and all of it after', async () => {
  const { context, page, faults } = await visit(browser, fixture.url, { password: '' });
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
  const cookie = (await context.cookies()).find((each) => each.name === '__Host-bubble-buster');
  assert.ok(cookie?.httpOnly && cookie.secure && cookie.path === '/');
  assert.equal(cookie.sameSite, 'Strict');
  await page.click('button:has-text("Sign out")');
  await page.waitForSelector('input[type=password]');
  assert.deepEqual(faults, []);
  await context.close();
});

for (const width of [1280, 390]) {
  for (const theme of ['dark', 'light']) {
    for (const language of ['en', 'zh']) {
      test(`every page at ${width} px, ${theme}, ${language}`, async () => {
        const { context, page, faults } = await visit(browser, fixture.url,
          { width, theme, language });
        await page.waitForSelector('.health .up');
        const shoot = async (name) => {
          await page.waitForTimeout(500);  // the chart draws itself
          const wide = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          assert.ok(wide <= 0, `${name} is ${wide} px too wide`);
          await page.screenshot({ path: join(shots, `${name}-${width}-${theme}-${language}.png`) });
        };
        for (const name of pages) {
          await show(page, name);
          if (name === 'overview') await page.waitForSelector('.chart canvas');
          if (['positions', 'runs', 'closed', 'orders'].includes(name)) {
            await wait_for(async () => (await rows(page)) > 0, `rows of ${name}`);
          }
          await shoot(name);
        }
        await show(page, 'positions');
        await page.click('td a');
        await page.waitForSelector('.chart canvas');
        await shoot('position');
        await show(page, 'runs');
        await page.click('td a');
        await page.waitForSelector('h2:has-text("2")');
        await wait_for(async () => (await rows(page)) > 10, 'the ranking of a run');
        await shoot('run');
        assert.deepEqual(faults, []);
        await context.close();
      });
    }
  }
}

test('every window of the curve is drawn, by keyboard alone', async () => {
  const { context, page, faults } = await visit(browser, fixture.url);
  for (const window of ['1H', '1W', '1M', '1Y', 'All', '1D']) {
    await page.focus(`.choice button:text-is("${window}")`);
    await page.keyboard.press('Enter');
    await page.waitForSelector(`.choice button[aria-pressed=true]:text-is("${window}")`);
    await page.waitForSelector('.chart canvas');
  }
  assert.deepEqual(faults, []);
  await context.close();
});

test('a position says which stop and take-profit stand on the exchange, and which are missing',
  async () => {
    const { context, page } = await visit(browser, fixture.url);
    await show(page, 'positions');
    await wait_for(async () => (await rows(page)) === 4, 'four positions');
    await wait_for(async () => {
      const text = await page.textContent('main');
      return (text.match(/✓/g) ?? []).length === 7 && text.includes('no take-profit');
    }, 'seven protective orders, and one that is missing');
    assert.equal(await page.getByText('NO STOP').count(), 0);
    await context.close();
  });

test('closed positions are filtered, and the same filter makes the CSV', async () => {
  const { context, page } = await visit(browser, fixture.url);
  await show(page, 'closed');
  await page.selectOption('select >> nth=-1', 'CLOSED_SL');
  await wait_for(async () => {
    const text = await page.textContent('main tbody');
    return text.includes('CLOSED_SL') && !text.includes('CLOSED_TP');
  }, 'only stops');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('a:text-is("CSV")')]);
  assert.equal(download.suggestedFilename(), 'closed-positions.csv');
  await context.close();
});

async function act(page, button) {
  await page.click(`main button:has-text("${button}")`);
  await page.click('dialog button.danger');
  await page.waitForSelector('dialog h2:has-text("Result")');
  const text = await page.textContent('dialog pre');
  await page.click('dialog button:has-text("Back")');
  return text;
}

test('actions are described, confirmed, done, pushed to every page and audited', async () => {
  const { context, page, faults } = await visit(browser, fixture.url);
  const other = await visit(browser, fixture.url);
  await show(page, 'actions');
  await act(page, 'Pause entries');
  await other.page.waitForSelector('.health .down:has-text("paused")');
  await act(page, 'Patrol now');
  await act(page, 'Never start a missed entry late');
  await act(page, 'Resume entries');
  await other.page.waitForSelector('.health .up:has-text("allowed")');
  await show(other.page, 'positions');
  await wait_for(async () => (await rows(other.page)) === 4, 'four positions');
  await page.click('main button:has-text("Flatten everything")');
  await page.waitForSelector('dialog pre:has-text("would close 4 positions")');
  await page.click('dialog button:has-text("Cancel")');
  assert.match(await act(page, 'Flatten everything'), /FLAT/);
  await wait_for(async () => (await rows(other.page)) === 0, 'the other page shows none');
  const audit = await page.textContent('main');
  for (const kind of ['pause', 'manage', 'resume', 'flatten']) assert.ok(audit.includes(kind));
  assert.match(audit, /dashboard, owner at 127.0.0.1/);
  assert.deepEqual([...faults, ...other.faults], []);
  await other.context.close();
  await context.close();
});
