// Foreign pages against a browser that is signed in, and hostile texts in every field.
// Called as: node attack_test.mjs FIXTURE
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { open_browser, open_fixture, pages, PASSWORD, show, visit } from './programs.mjs';

const [program] = process.argv.slice(2);
let fixture;
let browser;
let evil;

before(async () => {
  fixture = await open_fixture(program);
  browser = await open_browser();
  evil = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>evil</title><body>');
  });
  await new Promise((resolve) => evil.listen(0, '127.0.0.1', resolve));
});

after(async () => {
  evil?.close();
  await browser?.close();
  await fixture?.close();
});

/** What the holder was asked to do so far, and how many are signed in to see it. */
async function commands(page) {
  return page.evaluate(async () => {
    const answer = await fetch('./api/v1/audit?limit=1000');
    return (await answer.json()).commands.length;
  });
}

test('twelve foreign pages change nothing and learn nothing', async () => {
  const { context, page } = await visit(browser, fixture.url);
  const before_all = await commands(page);
  // "localhost" is another origin for the browser, and so is another port.
  const port = evil.address().port;
  const foreign = await context.newPage();
  await foreign.goto(`http://localhost:${port}/`);
  const target = fixture.url;
  const learnt = await foreign.evaluate(async (base) => {
    const body = JSON.stringify({ action: 'pause' });
    const attempts = {
      form: () => new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.name = 'hidden';
        document.body.append(frame);
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', action: `${base}api/v1/actions/prepare`,
          target: 'hidden', enctype: 'text/plain' });
        const input = document.createElement('input');
        input.name = '{"action":"pause","x":"';
        input.value = '"}';
        form.append(input);
        document.body.append(form);
        frame.onload = () => resolve('sent');
        form.submit();
        setTimeout(() => resolve('blocked'), 3000);
      }),
      no_cors: () => fetch(`${base}api/v1/actions/prepare`,
        { method: 'POST', mode: 'no-cors', credentials: 'include', body })
        .then((answer) => answer.type),
      plain_json: () => fetch(`${base}api/v1/actions/prepare`,
        { method: 'POST', credentials: 'include', body, headers: { 'Content-Type': 'text/plain' } })
        .then((answer) => answer.text()),
      real_json: () => fetch(`${base}api/v1/actions/prepare`,
        { method: 'POST', credentials: 'include', body,
          headers: { 'Content-Type': 'application/json' } }).then((answer) => answer.text()),
      read: () => fetch(`${base}api/v1/state`, { credentials: 'include' })
        .then((answer) => answer.text()),
      image: () => new Promise((resolve) => {
        const image = new Image();
        image.onload = () => resolve('loaded');
        image.onerror = () => resolve('blocked');
        image.src = `${base}bubble.svg`;
      }),
      script: () => new Promise((resolve) => {
        const script = document.createElement('script');
        script.onload = () => resolve('loaded');
        script.onerror = () => resolve('blocked');
        script.src = `${base}api/v1/session`;
        document.body.append(script);
      }),
      stream: () => new Promise((resolve) => {
        const source = new EventSource(`${base}api/v1/events`, { withCredentials: true });
        source.onopen = () => resolve('opened');
        source.onerror = () => resolve('blocked');
      }),
      sign_in: () => fetch(`${base}api/v1/sign-in`,
        { method: 'POST', mode: 'no-cors', credentials: 'include',
          body: JSON.stringify({ password: 'the attacker’s own' }) }).then((answer) => answer.type),
      beacon: async () => (navigator.sendBeacon(`${base}api/v1/sign-out`, '{}') ? 'queued' : 'no'),
      frame: () => new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.src = base;
        frame.onload = () => {
          try {
            resolve(`readable: ${frame.contentDocument.title}`);
          } catch {
            resolve('not readable');
          }
        };
        document.body.append(frame);
        setTimeout(() => resolve('not loaded'), 3000);
      }),
      sandbox: () => new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.sandbox = 'allow-scripts';
        frame.srcdoc = `<script>fetch(${JSON.stringify(`${base}api/v1/actions/prepare`)},
          {method:'POST',credentials:'include',body:'{"action":"pause"}'})
          .then((a) => a.text(), () => 'blocked').then((t) => parent.postMessage(t, '*'))</script>`;
        addEventListener('message', (event) => resolve(event.data));
        document.body.append(frame);
        setTimeout(() => resolve('silent'), 5000);
      }),
    };
    const results = {};
    for (const [name, attempt] of Object.entries(attempts)) {
      results[name] = await attempt().catch((error) => `blocked: ${error.message}`);
    }
    return results;
  }, target);
  assert.equal(Object.keys(learnt).length, 12);
  for (const [name, seen] of Object.entries(learnt)) {
    assert.ok(!/fixture|csrf|confirm|equity/.test(seen), `${name} learnt ${seen}`);
    assert.notEqual(seen, 'loaded', name);
    assert.notEqual(seen, 'opened', name);
  }
  assert.equal(await commands(page), before_all);
  const still = await page.evaluate(async () => (await (await fetch('./api/v1/session')).json()));
  assert.ok(still.signed_in, 'the session was not ended from elsewhere');
  assert.equal(still.role, 'owner');
  await context.close();
});

test('a token and a confirmation are of their session, and a name that is not ours is refused',
  async () => {
    const mine = await visit(browser, fixture.url);
    const theirs = await visit(browser, fixture.url);
    const ask = (page, csrf, path, body) => page.evaluate(async ([token, where, what]) => {
      const answer = await fetch(`./api/v1/${where}`, { method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': token },
        body: JSON.stringify(what) });
      return { status: answer.status, body: await answer.json() };
    }, [csrf, path, body]);
    const token = (page) => page.evaluate(
      async () => (await (await fetch('./api/v1/session')).json()).csrf);
    const own = await token(mine.page);
    const prepared = await ask(mine.page, own, 'actions/prepare', { action: 'manage' });
    assert.equal(prepared.status, 200);
    const name = { confirm: prepared.body.confirm };
    assert.equal((await ask(theirs.page, own, 'actions/confirm', name)).status, 403);
    const other = await token(theirs.page);
    assert.equal((await ask(theirs.page, other, 'actions/confirm', name)).status, 409);
    assert.equal((await ask(mine.page, own, 'actions/confirm', name)).status, 200);
    assert.equal((await ask(mine.page, own, 'actions/confirm', name)).status, 409, 'once');
    assert.equal((await ask(mine.page, own, 'sign-out', {})).status, 200);
    assert.equal((await ask(mine.page, own, 'actions/prepare', { action: 'manage' })).status, 401);
    // What was shown is not kept by the browser.
    const kept = await fetch(`${fixture.url}api/v1/state`);
    assert.equal(kept.status, 401);
    assert.equal(kept.headers.get('cache-control'), 'no-store');
    await mine.context.close();
    await theirs.context.close();
  });

function payloads() {
  const runs = ['alert(1)', 'window.__hit=1', 'top.__hit=1', 'fetch("//evil")', 'eval("__hit=1")'];
  const shells = [
    (js) => `<script>${js}</script>`,
    (js) => `"><script>${js}</script>`,
    (js) => `<img src=x onerror='${js}'>`,
    (js) => `<svg onload='${js}'>`,
    (js) => `<svg><animate onbegin='${js}' attributeName=x dur=1s>`,
    (js) => `<iframe srcdoc="<script>${js}</script>">`,
    (js) => `<iframe src='javascript:${js}'>`,
    (js) => `javascript:${js}`,
    (js) => `<a href='javascript:${js}'>x</a>`,
    (js) => `<body onload='${js}'>`,
    (js) => `<details open ontoggle='${js}'>`,
    (js) => `<input autofocus onfocus='${js}'>`,
    (js) => `<video><source onerror='${js}'>`,
    (js) => `<math><mtext><table><mglyph><style><img src=x onerror='${js}'>`,
    (js) => `'-${js}-'`,
    (js) => `\${${js}}`,
    (js) => `{{constructor.constructor("${js}")()}}`,
    (js) => `</script><script>${js}</script>`,
    (js) => `</title><script>${js}</script>`,
    (js) => `<!--><script>${js}</script>-->`,
    (js) => `]]><script>${js}</script>`,
    (js) => `<style>@import '//evil/${js}'</style>`,
    (js) => `<link rel=stylesheet href='//evil/${js}'>`,
    (js) => `<meta http-equiv=refresh content='0;url=javascript:${js}'>`,
    (js) => `<base href='//evil/'><img src='${js}'>`,
    (js) => `<form action='//evil'><button>${js}`,
    (js) => `<object data='javascript:${js}'>`,
    (js) => `<embed src='javascript:${js}'>`,
    (js) => `=cmd|' /C calc'!A0 ${js}`,
    (js) => `@SUM(1+1)*${js}`,
    (js) => `龙虾<img src=x onerror=${js}>币`,
    (js) => `\u202e<script>${js}</script>`,
    (js) => `%3Cscript%3E${js}%3C/script%3E`,
    (js) => `&lt;script&gt;${js}&lt;/script&gt;`,
    (js) => `\u003cscript\u003e${js}`,
    (js) => `'; DROP TABLE runs; -- ${js}`,
    (js) => `../../${js}`,
    (js) => `__proto__ ${js}`,
    (js) => `<noscript><p title="</noscript><img src=x onerror='${js}'>">`,
    (js) => `<template><script>${js}</script></template>`,
    (js) => `<x onclick='${js}' style='position:fixed;inset:0'>x`,
  ];
  return shells.flatMap((shell) => runs.map(shell));
}

test('two hundred hostile texts in every field are shown as text, and nothing of them runs',
  async () => {
    const texts = payloads();
    assert.ok(texts.length >= 200);
    const hostile = await open_fixture(program, { payloads: texts });
    try {
      const { context, page, faults } = await visit(browser, hostile.url, { password: PASSWORD });
      const outside = [];
      page.on('request', (request) => {
        if (!request.url().startsWith(hostile.url)) outside.push(request.url());
      });
      for (const name of pages) {
        await show(page, name);
        await page.waitForTimeout(700);
        const found = await page.evaluate(() => ({
          hit: '__hit' in window,
          scripts: document.querySelectorAll('main script, main iframe, main svg, main img').length,
          links: [...document.querySelectorAll('main a')].filter(
            (link) => !/^https?:$/.test(new URL(link.href).protocol)).length,
        }));
        assert.deepEqual(found, { hit: false, scripts: 0, links: 0 }, name);
      }
      await show(page, 'positions');
      await page.click('td a');
      await page.waitForSelector('main h2');
      assert.match(await page.textContent('main'), /script|alert|onerror|__hit|evil/);
      assert.deepEqual(outside, []);
      assert.deepEqual(faults, []);
      await context.close();
    } finally {
      await hostile.close();
    }
  });
