// The two charts: an equity curve, and candles with what the strategy did.
import {
  AreaSeries,
  type AutoscaleInfo,
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  LineStyle,
  type SeriesMarker,
  type TickMarkType,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import { useEffect, useRef } from 'preact/hooks';
import { dateTime, shortTime } from './format';
import { isLight, zone } from './state';

const seconds = (ms: number) => Math.floor(ms / 1000) as UTCTimestamp;
const variable = (name: string) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function look() {
  return {
    layout: {
      background: { color: variable('--panel') },
      textColor: variable('--text'),
      attributionLogo: false,
      fontFamily: 'system-ui, sans-serif',
    },
    grid: { vertLines: { color: variable('--line') }, horzLines: { color: variable('--line') } },
    rightPriceScale: { borderColor: variable('--line') },
    timeScale: {
      borderColor: variable('--line'),
      timeVisible: true,
      secondsVisible: false,
      tickMarkFormatter: (time: Time, kind: TickMarkType) =>
        shortTime((time as number) * 1000, kind < 3),
    },
    localization: { timeFormatter: (time: Time) => dateTime((time as number) * 1000) },
  };
}

/**
 * A chart that lives until its shape, theme or time zone changes; new data leaves alone where
 * somebody has zoomed to. A double click shows all of it again.
 */
function useChart<Content>(
  make: (chart: IChartApi) => Content,
  fill: (content: Content) => void,
  shape: unknown[],
  data: unknown[],
  label: string,
) {
  const box = useRef<HTMLDivElement>(null);
  const kept = useRef<{ chart: IChartApi; content: Content; touched: boolean } | null>(null);
  const shown = [...shape, isLight.value, zone.value];
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const chart = createChart(element, { autoSize: true, ...look() });
    kept.current = { chart, content: make(chart), touched: false };
    const touch = (touched: boolean) => () => {
      if (kept.current) kept.current.touched = touched;
      if (!touched) chart.timeScale().fitContent();
    };
    const begin = touch(true);
    const end = touch(false);
    element.addEventListener('wheel', begin, { passive: true });
    element.addEventListener('pointerdown', begin);
    element.addEventListener('dblclick', end);
    return () => {
      element.removeEventListener('wheel', begin);
      element.removeEventListener('pointerdown', begin);
      element.removeEventListener('dblclick', end);
      kept.current = null;
      chart.remove();
    };
  }, shown);
  useEffect(() => {
    if (!kept.current) return;
    fill(kept.current.content);
    if (!kept.current.touched) kept.current.chart.timeScale().fitContent();
  }, [...shown, ...data]);
  return <div class="chart" ref={box} role="img" aria-label={label} />;
}

/** Ascending, each second once: what came last in it counts. */
function clean<T extends { time: UTCTimestamp }>(points: T[]): T[] {
  const kept: T[] = [];
  for (const point of points) {
    const last = kept[kept.length - 1];
    if (last && last.time >= point.time) kept.pop();
    kept.push(point);
  }
  return kept;
}

export function Curve(props: { points: [number, number][]; percent: boolean; label: string }) {
  const { points, percent } = props;
  const make = (chart: IChartApi) =>
    chart.addSeries(AreaSeries, {
      lineWidth: 2,
      priceFormat: percent ? { type: 'percent' } : { type: 'price', precision: 2, minMove: 0.01 },
    });
  const fill = (series: ISeriesApi<'Area'>) => {
    const rises = points.length < 2 || points[points.length - 1][1] >= points[0][1];
    const colour = variable(rises ? '--up' : '--down');
    series.applyOptions({
      lineColor: colour,
      topColor: `${colour}55`,
      bottomColor: `${colour}05`,
    });
    series.setData(clean(points.map(([at, value]) => ({ time: seconds(at), value }))));
  };
  return useChart(make, fill, [percent, props.label], [points], props.label);
}

export interface Level {
  price: number;
  title: string;
  colour: string;
}

export interface Mark {
  at: number;
  text: string;
  buys: boolean;
}

export type CandleRow = [number, number, number, number, number, number];

// A price of 0.0000123 needs more digits than one of 40 000.
function precision(price: number): number {
  if (!(price > 0)) return 2;
  return Math.min(8, Math.max(2, 4 - Math.floor(Math.log10(price))));
}

export function Candles(props: {
  rows: CandleRow[];
  levels: Level[];
  marks: Mark[];
  label: string;
}) {
  const { rows, levels, marks } = props;
  const digits = precision(rows[0]?.[4] ?? 1);
  const make = (chart: IChartApi) => {
    const series = chart.addSeries(CandlestickSeries, {
      upColor: variable('--up'),
      downColor: variable('--down'),
      wickUpColor: variable('--up'),
      wickDownColor: variable('--down'),
      borderVisible: false,
      priceFormat: { type: 'price', precision: digits, minMove: 10 ** -digits },
    });
    return { series, marks: createSeriesMarkers(series, []), lines: [] as IPriceLine[] };
  };
  const fill = (content: ReturnType<typeof make>) => {
    content.series.setData(
      clean(
        rows.map(([at, open, high, low, close]) => ({ time: seconds(at), open, high, low, close })),
      ),
    );
    for (const line of content.lines) content.series.removePriceLine(line);
    // The whole plan is in sight: entry, stop and take-profit, however far they are.
    const prices = levels.map((level) => level.price);
    content.series.applyOptions({
      autoscaleInfoProvider: (original: () => AutoscaleInfo | null) => {
        const shown = original();
        if (!shown?.priceRange) return shown;
        const { minValue, maxValue } = shown.priceRange;
        const priceRange = {
          minValue: Math.min(minValue, ...prices),
          maxValue: Math.max(maxValue, ...prices),
        };
        return { ...shown, priceRange };
      },
    });
    content.lines = levels.map((level) =>
      content.series.createPriceLine({
        price: level.price,
        title: level.title,
        color: variable(level.colour),
        lineStyle: LineStyle.Dashed,
        axisLabelVisible: true,
      }),
    );
    const shown: SeriesMarker<Time>[] = marks.map((mark) => ({
      time: seconds(mark.at),
      position: mark.buys ? 'belowBar' : 'aboveBar',
      shape: mark.buys ? 'arrowUp' : 'arrowDown',
      color: variable('--accent'),
      text: mark.text,
    }));
    content.marks.setMarkers(shown);
  };
  const prices = levels.map((level) => level.price).join();
  return useChart(make, fill, [digits, props.label], [rows, prices, marks.length], props.label);
}
