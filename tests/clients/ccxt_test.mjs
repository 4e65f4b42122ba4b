// Every unified method of ccxt's binanceusdm that trades, against the paper exchange. Real
// processes, real sockets, real time. The first argument, or BB_PROGRAM, names the program.
import './timers.mjs';
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import ccxt from 'ccxt';
import { client, startPaper, until } from './support.mjs';

let paper;
let exchange; // signed with HMAC
let symbol; // the coin that the tests trade
let folder;

const keys = { apiKey: 'alice-key', secret: 'alice-word' };
const lots = (notional, price) => exchange.parseNumber(
  exchange.amountToPrecision(symbol, notional / price));
const last = async () => (await exchange.fetchTicker(symbol)).last;
const priced = (price) => exchange.parseNumber(exchange.priceToPrecision(symbol, price));

async function flat() {
  await exchange.cancelAllOrders(symbol);
  await exchange.cancelAllOrders(symbol, { trigger: true });
  for (const position of await exchange.fetchPositions([symbol])) {
    if (!position.contracts) continue;
    await exchange.createOrder(symbol, 'market', position.side === 'long' ? 'sell' : 'buy',
      position.contracts, undefined, { reduceOnly: true });
  }
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bb-clients-'));
  paper = await startPaper('--account', 'alice:alice-key:alice-word:100000');
  exchange = await client(paper.url, keys);
  await exchange.loadMarkets();
  // One whose smallest order is small, whatever its price is today.
  const tickers = Object.values(await exchange.fetchTickers()).filter(
    (each) => exchange.markets[each.symbol].limits.amount.min * each.last < 5);
  symbol = tickers.sort((a, b) => b.quoteVolume - a.quoteVolume)[0].symbol;
});

after(async () => {
  await exchange?.close();
  if (paper) assert.equal(await paper.stop(), 0);
  rmSync(folder, { recursive: true, force: true });
});

describe('markets', () => {
  test('loadMarkets: limits and precision of every contract', () => {
    const markets = Object.values(exchange.markets);
    assert.ok(markets.length > 20);
    for (const market of markets) {
      assert.ok(market.precision.price > 0 && market.precision.amount > 0, market.id);
      assert.ok(market.limits.cost.min > 0 && market.limits.amount.max > 0, market.id);
      assert.equal(market.linear, true);
    }
  });
  test('fetchTime', async () => {
    assert.ok(Math.abs(await exchange.fetchTime() - Date.now()) < 5000);
  });
  test('fetchStatus', async () => {
    assert.equal((await exchange.fetchStatus()).status, 'ok');
  });
  test('fetchTicker, fetchTickers, fetchLastPrices, fetchBidsAsks', async () => {
    const ticker = await exchange.fetchTicker(symbol);
    assert.ok(ticker.low <= ticker.last && ticker.last <= ticker.high);
    assert.ok(ticker.quoteVolume > 0);
    assert.equal((await exchange.fetchTickers())[symbol].symbol, symbol);
    assert.ok((await exchange.fetchLastPrices())[symbol].price > 0);
    const book = (await exchange.fetchBidsAsks())[symbol];
    assert.ok(book.bid < book.ask);
  });
  test('fetchMarkPrice, fetchMarkPrices', async () => {
    assert.ok((await exchange.fetchMarkPrice(symbol)).markPrice > 0);
    assert.ok((await exchange.fetchMarkPrices())[symbol].markPrice > 0);
  });
  test('fetchOrderBook', async () => {
    const book = await exchange.fetchOrderBook(symbol, 5);
    assert.ok(book.bids.length > 0 && book.bids.length <= 5);
    assert.ok(book.bids[0][0] < book.asks[0][0]);
    assert.ok(book.nonce > 0);
  });
  test('fetchTrades', async () => {
    const trades = await exchange.fetchTrades(symbol, undefined, 50);
    assert.ok(trades.length > 0 && trades.length <= 50);
    for (let i = 1; i < trades.length; ++i)
      assert.ok(trades[i - 1].timestamp <= trades[i].timestamp);
  });
  for (const interval of ['1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h',
    '1d', '3d', '1w', '1M'])
    test(`fetchOHLCV ${interval}`, async () => {
      const bars = await exchange.fetchOHLCV(symbol, interval, undefined, 5);
      assert.ok(bars.length > 0 && bars.length <= 5);
      for (const [, open, high, low, close] of bars)
        assert.ok(low <= Math.min(open, close) && high >= Math.max(open, close));
    });
  for (const price of ['mark', 'index', 'premiumIndex'])
    test(`fetchOHLCV of the ${price} price`, async () => {
      assert.ok((await exchange.fetchOHLCV(symbol, '1m', undefined, 5, { price })).length > 0);
    });
  test('fetchFundingRate, fetchFundingRates, fetchFundingRateHistory', async () => {
    const rate = await exchange.fetchFundingRate(symbol);
    assert.ok(rate.markPrice > 0 && rate.fundingTimestamp > Date.now() - 60_000);
    assert.ok((await exchange.fetchFundingRates())[symbol].fundingTimestamp > 0);
    const history = await exchange.fetchFundingRateHistory(symbol, undefined, 3);
    assert.ok(history.length > 0 && history.length <= 3);
  });
  test('fetchFundingIntervals', async () => {
    assert.equal(typeof await exchange.fetchFundingIntervals(), 'object');
  });
  test('fetchOpenInterest, fetchOpenInterestHistory', async () => {
    assert.ok((await exchange.fetchOpenInterest(symbol)).openInterestAmount > 0);
    assert.ok((await exchange.fetchOpenInterestHistory(symbol, '5m', undefined, 3)).length > 0);
  });
  test('fetchLongShortRatioHistory', async () => {
    const rows = await exchange.fetchLongShortRatioHistory(symbol, '5m', undefined, 3);
    assert.ok(rows.length > 0 && rows[0].longShortRatio > 0);
  });
});

describe('account', () => {
  test('fetchBalance', async () => {
    const balance = await exchange.fetchBalance();
    assert.equal(balance.USDT.total, 100_000);
    assert.equal(balance.USDT.free, 100_000);
  });
  test('setLeverage, fetchLeverage(s)', async () => {
    assert.equal((await exchange.setLeverage(7, symbol)).leverage, 7);
    assert.equal((await exchange.fetchLeverage(symbol)).shortLeverage, 7);
    assert.equal((await exchange.fetchLeverages())[symbol].longLeverage, 7);
  });
  test('setMarginMode, fetchMarginMode(s)', async () => {
    await exchange.setMarginMode('isolated', symbol);
    assert.equal((await exchange.fetchMarginMode(symbol)).marginMode, 'isolated');
    await exchange.setMarginMode('cross', symbol);
    assert.equal((await exchange.fetchMarginModes())[symbol].marginMode, 'cross');
  });
  test('setPositionMode, fetchPositionMode', async () => {
    await exchange.setPositionMode(true);
    assert.equal((await exchange.fetchPositionMode()).hedged, true);
    await exchange.setPositionMode(false);
    assert.equal((await exchange.fetchPositionMode()).hedged, false);
  });
  test('fetchLeverageTiers', async () => {
    const tiers = (await exchange.fetchLeverageTiers())[symbol];
    assert.ok(tiers.length > 1 && tiers[0].maxLeverage >= tiers[1].maxLeverage);
  });
  test('fetchTradingFee, fetchTradingFees', async () => {
    const fee = await exchange.fetchTradingFee(symbol);
    assert.equal(fee.maker, 0.0002);
    assert.equal(fee.taker, 0.0005);
    assert.equal(typeof await exchange.fetchTradingFees(), 'object');
  });
  test('fetchTradingLimits is spot only; fetchCurrencies answers', async () => {
    assert.equal(typeof await exchange.fetchCurrencies(), 'object');
  });
});

describe('orders', () => {
  let price;
  before(async () => {
    price = await last();
    await exchange.setLeverage(5, symbol);
  });
  after(flat);

  test('a market order fills, and shows in trades, orders, positions and balance', async () => {
    const order = await exchange.createOrder(symbol, 'market', 'sell', lots(500, price));
    assert.equal(order.status, 'closed');
    const found = await exchange.fetchOrder(order.id, symbol);
    assert.equal(found.status, 'closed');
    assert.ok(found.average > 0 && found.filled === order.amount);
    const trades = await exchange.fetchMyTrades(symbol, undefined, undefined,
      { orderId: order.id });
    assert.equal(trades.reduce((sum, trade) => sum + trade.amount, 0), order.amount);
    assert.ok(trades.every((trade) => trade.fee.cost > 0 && trade.fee.currency === 'USDT'));
    assert.ok((await exchange.fetchMyTrades(symbol)).length >= trades.length);
    const [position] = await exchange.fetchPositions([symbol]);
    assert.equal(position.side, 'short');
    assert.equal(position.contracts, order.amount);
    assert.ok(position.entryPrice > 0 && position.initialMargin > 0);
    assert.equal((await exchange.fetchPositionsRisk([symbol]))[0].side, 'short');
    assert.equal((await exchange.fetchAccountPositions([symbol]))[0].side, 'short');
    assert.ok((await exchange.fetchBalance()).USDT.used > 0);
  });
  test('reduceOnly closes; a second close is refused', async () => {
    const [position] = await exchange.fetchPositions([symbol]);
    const closed = await exchange.createOrder(symbol, 'market', 'buy', position.contracts,
      undefined, { reduceOnly: true });
    assert.equal(closed.status, 'closed');
    assert.equal((await exchange.fetchPositions([symbol])).length, 0);
    await assert.rejects(
      exchange.createOrder(symbol, 'market', 'buy', lots(100, price), undefined,
        { reduceOnly: true }),
      /-2022/);
  });
  test('a limit order rests, is found everywhere, is edited, and cancelled', async () => {
    const limit = priced(price * 0.97);
    const order = await exchange.createOrder(symbol, 'limit', 'buy', lots(300, price), limit,
      { newClientOrderId: 'rests-1' });
    assert.equal(order.status, 'open');
    assert.equal(order.clientOrderId, 'rests-1');
    assert.equal((await exchange.fetchOpenOrder(order.id, symbol)).price, limit);
    assert.ok((await exchange.fetchOpenOrders(symbol)).some((open) => open.id === order.id));
    exchange.options.warnOnFetchOpenOrdersWithoutSymbol = false;
    assert.ok((await exchange.fetchOpenOrders()).some((open) => open.id === order.id));
    assert.ok((await exchange.fetchOrders(symbol)).some((any) => any.id === order.id));
    const lower = priced(price * 0.96);
    const edited = await exchange.editOrder(order.id, symbol, 'limit', 'buy', order.amount, lower);
    assert.equal(edited.price, lower);
    assert.equal(edited.id, order.id);
    const canceled = await exchange.cancelOrder(order.id, symbol);
    assert.equal(canceled.status, 'canceled');
    await assert.rejects(exchange.cancelOrder(order.id, symbol), ccxt.OrderNotFound);
    assert.ok((await exchange.fetchCanceledOrders(symbol)).some((any) => any.id === order.id));
    assert.ok((await exchange.fetchClosedOrders(symbol)).every((any) => any.status === 'closed'));
    assert.ok((await exchange.fetchCanceledAndClosedOrders(symbol)).length > 0);
  });
  test('time in force: IOC, FOK, GTX, GTD', async () => {
    const amount = lots(200, price);
    const ioc = await exchange.createOrder(symbol, 'limit', 'buy', amount, priced(price * 0.97),
      { timeInForce: 'IOC' });
    assert.equal(ioc.status, 'expired');
    await assert.rejects(
      exchange.createOrder(symbol, 'limit', 'buy', amount, priced(price * 0.97),
        { timeInForce: 'FOK' }),
      ccxt.InvalidOrder);
    const postOnly = await exchange.createOrder(symbol, 'limit', 'buy', amount,
      priced(price * 0.97), { postOnly: true });
    assert.equal(postOnly.postOnly, true);
    await exchange.cancelOrder(postOnly.id, symbol);
    await assert.rejects(
      exchange.createOrder(symbol, 'limit', 'buy', amount, priced(price * 1.03),
        { postOnly: true }),
      ccxt.InvalidOrder);
    const gtd = await exchange.createOrder(symbol, 'limit', 'buy', amount, priced(price * 0.97),
      { timeInForce: 'GTD', goodTillDate: Date.now() + 1_200_000 });
    assert.equal(gtd.status, 'open');
    await exchange.cancelOrder(gtd.id, symbol);
  });
  test('priceMatch', async () => {
    const order = await exchange.createOrder(symbol, 'limit', 'buy', lots(200, price), undefined,
      { priceMatch: 'QUEUE_5' });
    assert.ok(order.price > 0);
    await exchange.cancelOrder(order.id, symbol);
  });
  test('selfTradePreventionMode', async () => {
    const order = await exchange.createOrder(symbol, 'limit', 'buy', lots(200, price),
      priced(price * 0.97), { selfTradePrevention: 'EXPIRE_BOTH' });
    assert.equal(order.info.selfTradePreventionMode, 'EXPIRE_BOTH');
    await exchange.cancelOrder(order.id, symbol);
  });
  test('createOrders, editOrders and cancelOrders', async () => {
    const amount = lots(200, price);
    const orders = await exchange.createOrders([0.97, 0.96].map((at) => ({
      symbol, type: 'limit', side: 'buy', amount, price: priced(price * at) })));
    assert.equal(orders.length, 2);
    assert.ok(orders.every((order) => order.status === 'open'));
    const edited = await exchange.editOrders(orders.map((order) => ({
      id: order.id, symbol, type: 'limit', side: 'buy', amount, price: priced(price * 0.95) })));
    assert.ok(edited.every((order) => order.price === priced(price * 0.95)));
    const canceled = await exchange.cancelOrders(orders.map((order) => order.id), symbol);
    assert.ok(canceled.every((order) => order.status === 'canceled'));
  });
  test('a batch tells which of its orders failed', async () => {
    const [good, bad] = await exchange.createOrders([
      { symbol, type: 'limit', side: 'buy', amount: lots(200, price), price: priced(price * 0.97) },
      { symbol, type: 'limit', side: 'buy', amount: lots(2e7, price), price: priced(price * 0.97) },
    ]);
    assert.equal(good.status, 'open');
    assert.ok(bad.info.code < 0);
    await exchange.cancelAllOrders(symbol);
    assert.equal((await exchange.fetchOpenOrders(symbol)).length, 0);
  });
  test('fetchFundingHistory, fetchLedger, fetchMyLiquidations, fetchPositionsADLRank', async () => {
    assert.ok(Array.isArray(await exchange.fetchFundingHistory(symbol)));
    const ledger = await exchange.fetchLedger('USDT');
    assert.ok(ledger.some((row) => row.type === 'transfer'));
    assert.ok(ledger.some((row) => row.info.incomeType === 'COMMISSION'));
    assert.deepEqual(await exchange.fetchMyLiquidations(symbol), []);
    assert.ok(Array.isArray(await exchange.fetchPositionsADLRank([symbol])));
  });
});

describe('conditional orders', () => {
  let price;
  let amount;
  before(async () => {
    price = await last();
    amount = lots(500, price);
    await exchange.createOrder(symbol, 'market', 'sell', amount);
  });
  after(flat);

  const conditional = {
    'a stop-market by triggerPrice': ['STOP_MARKET', 'market', undefined,
      () => ({ triggerPrice: priced(price * 1.05), reduceOnly: true })],
    'a stop-limit by triggerPrice': ['STOP', 'limit', () => priced(price * 1.04),
      () => ({ triggerPrice: priced(price * 1.03), reduceOnly: true })],
    'a stop by stopLossPrice': ['STOP_MARKET', 'market', undefined,
      () => ({ stopLossPrice: priced(price * 1.06), reduceOnly: true })],
    'a take-profit by takeProfitPrice': ['TAKE_PROFIT_MARKET', 'market', undefined,
      () => ({ takeProfitPrice: priced(price * 0.94), reduceOnly: true })],
    'a take-profit limit': ['TAKE_PROFIT', 'limit', () => priced(price * 0.93),
      () => ({ takeProfitPrice: priced(price * 0.94), reduceOnly: true })],
    'a trailing stop': ['TRAILING_STOP_MARKET', 'market', undefined,
      () => ({ trailingPercent: 1.5, reduceOnly: true })],
    'a trailing stop with an activation price': ['TRAILING_STOP_MARKET', 'market', undefined,
      () => ({ trailingPercent: 2, trailingTriggerPrice: priced(price * 0.9), reduceOnly: true })],
    'a stop on the mark price': ['STOP_MARKET', 'market', undefined,
      () => ({ triggerPrice: priced(price * 1.05), workingType: 'MARK_PRICE', reduceOnly: true })],
  };
  for (const [name, [type, kind, limit, params]] of Object.entries(conditional))
    test(`${name} rests, is found, and is cancelled`, async () => {
      const order = await exchange.createOrder(symbol, kind, 'buy', amount, limit?.(), params());
      assert.equal(order.info.orderType, type);
      assert.equal(order.status, 'open');
      const found = await exchange.fetchOrder(order.id, symbol, { trigger: true });
      assert.equal(found.id, order.id);
      const open = await exchange.fetchOpenOrders(symbol, undefined, undefined, { trigger: true });
      assert.ok(open.some((other) => other.id === order.id));
      await exchange.cancelOrder(order.id, symbol, { trigger: true });
      const all = await exchange.fetchOrders(symbol, undefined, undefined, { trigger: true });
      assert.ok(all.some((other) => other.id === order.id));
    });
  test('closePosition; a second one of its kind is refused', async () => {
    const params = { stopLossPrice: priced(price * 1.06), closePosition: true };
    const order = await exchange.createOrder(symbol, 'market', 'buy', undefined, undefined, params);
    assert.equal(order.info.closePosition, true);
    assert.equal(order.info.timeInForce, 'GTE_GTC');
    await assert.rejects(
      exchange.createOrder(symbol, 'market', 'buy', undefined, undefined, params), /-4130/);
    await exchange.cancelAllOrders(symbol, { trigger: true });
  });
  test('a trigger on the wrong side of the market is refused', async () => {
    await assert.rejects(
      exchange.createOrder(symbol, 'market', 'buy', amount, undefined,
        { stopLossPrice: priced(price * 0.9), reduceOnly: true }),
      /-2021/);
  });
});

describe('isolated margin', () => {
  before(async () => {
    await exchange.setMarginMode('isolated', symbol);
    const price = await last();
    await exchange.createOrder(symbol, 'market', 'sell', lots(500, price));
  });
  after(async () => {
    await flat();
    await exchange.setMarginMode('cross', symbol);
  });
  test('addMargin, reduceMargin, fetchMarginAdjustmentHistory', async () => {
    const margin = async () => (await exchange.fetchPositions([symbol]))[0].collateral;
    const begin = await margin();
    await exchange.addMargin(symbol, 50);
    assert.ok(await margin() > begin + 40);
    await exchange.reduceMargin(symbol, 20);
    const rows = await exchange.fetchMarginAdjustmentHistory(symbol);
    assert.deepEqual(rows.map((row) => row.amount).sort(), [20, 50]);
    const [position] = await exchange.fetchPositions([symbol]);
    assert.equal(position.marginMode, 'isolated');
    assert.ok(position.liquidationPrice > position.markPrice);
  });
});

describe('hedge mode', () => {
  before(() => exchange.setPositionMode(true));
  after(async () => {
    for (const position of await exchange.fetchPositions([symbol]))
      await exchange.createOrder(symbol, 'market', position.side === 'long' ? 'sell' : 'buy',
        position.contracts, undefined, { positionSide: position.side.toUpperCase() });
    await exchange.setPositionMode(false);
  });
  test('both legs at once', async () => {
    const amount = lots(300, await last());
    await exchange.createOrder(symbol, 'market', 'buy', amount, undefined, { positionSide: 'LONG' });
    await exchange.createOrder(symbol, 'market', 'sell', amount, undefined,
      { positionSide: 'SHORT' });
    const sides = (await exchange.fetchPositions([symbol])).map((position) => position.side);
    assert.deepEqual(sides.sort(), ['long', 'short']);
  });
});

describe('errors', () => {
  test('a wrong key, a wrong secret, no money, an unknown order', async () => {
    await assert.rejects((await client(paper.url, { apiKey: 'nobody', secret: 'x' })).fetchBalance(),
      ccxt.AuthenticationError);
    await assert.rejects(
      (await client(paper.url, { apiKey: keys.apiKey, secret: 'wrong' })).fetchBalance(),
      ccxt.AuthenticationError);
    const price = await last();
    await exchange.setLeverage(1, symbol);
    await assert.rejects(
      exchange.createOrder(symbol, 'limit', 'buy', lots(150_000, price), priced(price * 0.98)),
      /-2019/);
    await exchange.setLeverage(5, symbol);
    await assert.rejects(exchange.fetchOrder('1', symbol), ccxt.OrderNotFound);
  });
  test('too small, off the band', async () => {
    const price = await last();
    await assert.rejects(
      exchange.createOrder(symbol, 'limit', 'buy', exchange.markets[symbol].limits.amount.min,
        priced(price * 0.98)),
      /-4164/);
    await assert.rejects(
      exchange.createOrder(symbol, 'limit', 'buy', lots(200, price), priced(price * 2)),
      /-4016/);
  });
});

describe('keys', () => {
  const pems = {};
  let other;
  before(async () => {
    const sections = [];
    for (const [name, kind, options] of [['rsa', 'rsa', { modulusLength: 2048 }],
      ['ed25519', 'ed25519', {}]]) {
      const pair = generateKeyPairSync(kind, options);
      pems[name] = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
      const file = join(folder, `${name}.pem`);
      writeFileSync(file, pair.publicKey.export({ type: 'spki', format: 'pem' }));
      sections.push({ name, file });
    }
    other = await startPaper('--accounts', accountsFile(sections));
  });
  after(async () => assert.equal(await other?.stop(), 0));

  function accountsFile(sections) {
    const file = join(folder, 'accounts.ini');
    const text = ({ name, file: pem }) => `[account ${name}]
balance = 1000

[key ${name}]
account = ${name}
api_key = ${name}-key
public_key = file:${pem}
permissions = read, trade
`;
    writeFileSync(file, sections.map(text).join('\n'), { mode: 0o600 });
    return file;
  }
  for (const name of ['rsa', 'ed25519'])
    test(`${name} signatures`, async () => {
      const signed = await client(other.url, { apiKey: `${name}-key`, secret: pems[name] });
      assert.equal((await signed.fetchBalance()).USDT.total, 1000);
      await signed.close();
    });
});

describe('streams', () => {
  let price;
  before(async () => { price = await last(); });
  after(flat);

  test('watchTicker, watchTickers', async () => {
    assert.ok((await exchange.watchTicker(symbol)).last > 0);
    const symbols = Object.keys(exchange.markets).slice(0, 3);
    const tickers = await exchange.watchTickers(symbols);
    assert.ok(Object.values(tickers)[0].last > 0);
  });
  test('watchMarkPrice, watchMarkPrices', async () => {
    assert.ok((await exchange.watchMarkPrice(symbol)).markPrice > 0);
    assert.ok(Object.keys(await exchange.watchMarkPrices()).length > 0);
  });
  test('watchBidsAsks', async () => {
    const quote = (await exchange.watchBidsAsks([symbol]))[symbol];
    assert.ok(quote.bid < quote.ask);
  });
  test('watchOrderBook keeps a book in order with the snapshot', async () => {
    for (let i = 0; i < 5; ++i) {
      const book = await exchange.watchOrderBook(symbol);
      assert.ok(book.bids[0][0] < book.asks[0][0]);
    }
  });
  test('watchTrades, watchOHLCV', async () => {
    assert.ok((await exchange.watchTrades(symbol)).length > 0);
    assert.ok((await exchange.watchOHLCV(symbol, '1m')).length > 0);
  });
  test('watchOrders, watchMyTrades, watchPositions, watchBalance follow an order', async () => {
    const orders = [];
    const trades = [];
    const positions = [];
    const balances = [];
    let watching = true;
    const follow = async (watch, into) => {
      while (watching) into.push(...[await watch()].flat());
    };
    const loops = [
      follow(() => exchange.watchOrders(symbol), orders),
      follow(() => exchange.watchMyTrades(symbol), trades),
      follow(() => exchange.watchPositions([symbol]), positions),
      follow(() => exchange.watchBalance(), balances),
    ].map((loop) => loop.catch(() => {}));
    await until('the private stream', () => Object.keys(exchange.clients),
      (urls) => urls.some((url) => url.includes('/private/')));
    const limit = await exchange.createOrder(symbol, 'limit', 'buy', lots(200, price),
      priced(price * 0.97));
    await until('NEW', () => orders.map((o) => [o.id, o.status]),
      (seen) => seen.some(([id, status]) => id === limit.id && status === 'open'));
    await exchange.cancelOrder(limit.id, symbol);
    await until('CANCELED', () => orders.map((o) => [o.id, o.status]),
      (seen) => seen.some(([id, status]) => id === limit.id && status === 'canceled'));
    const market = await exchange.createOrder(symbol, 'market', 'sell', lots(500, price));
    await until('FILLED', () => orders.map((o) => [o.id, o.status]),
      (seen) => seen.some(([id, status]) => id === market.id && status === 'closed'));
    await until('trades', () => trades.filter((trade) => trade.order === market.id)
      .reduce((sum, trade) => sum + trade.amount, 0),
    (sum) => Math.abs(sum - market.amount) < 1e-9);
    await until('the position', () => positions.at(-1),
      (position) => position?.side === 'short' && position.contracts === market.amount);
    await until('the balance', () => balances.at(-1)?.USDT?.total, (total) => total < 100_000);
    const stop = await exchange.createOrder(symbol, 'market', 'buy', market.amount, undefined,
      { stopLossPrice: priced(price * 1.06), reduceOnly: true });
    await until('the conditional order', () => orders.map((o) => o.id),
      (ids) => ids.includes(stop.id));
    watching = false;
    await exchange.cancelOrder(stop.id, symbol, { trigger: true });
    await exchange.createOrder(symbol, 'market', 'buy', market.amount, undefined,
      { reduceOnly: true });
    await Promise.all(loops.map((loop) => Promise.race([loop,
      new Promise((resolve) => setTimeout(resolve, 1000))])));
  });
});

describe('WebSocket API', () => {
  let price;
  before(async () => { price = await last(); });
  after(flat);
  test('fetchTickerWs, fetchOrderBookWs', async () => {
    assert.ok((await exchange.fetchTickerWs(symbol, { method: 'ticker.price' })).last > 0);
    const book = await exchange.fetchOrderBookWs(symbol, 5);
    assert.ok(book.bids[0][0] < book.asks[0][0]);
  });
  test('fetchBalanceWs, fetchPositionsWs', async () => {
    assert.ok((await exchange.fetchBalanceWs({ type: 'future' })).USDT.total > 0);
    assert.ok(Array.isArray(await exchange.fetchPositionsWs([symbol], { type: 'future' })));
  });
  test('createOrderWs, fetchOrderWs, editOrderWs, cancelOrderWs', async () => {
    const limit = priced(price * 0.97);
    const order = await exchange.createOrderWs(symbol, 'limit', 'buy', lots(200, price), limit);
    assert.equal(order.status, 'open');
    assert.equal((await exchange.fetchOrderWs(order.id, symbol)).price, limit);
    const edited = await exchange.editOrderWs(order.id, symbol, 'limit', 'buy', order.amount,
      priced(price * 0.96));
    assert.equal(edited.price, priced(price * 0.96));
    assert.equal((await exchange.cancelOrderWs(edited.id, symbol)).status, 'canceled');
  });
});
