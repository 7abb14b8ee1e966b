/**
 * Where the bars, lines and labels of a chart lie. Down it is counted in pixels from the top of the plot; across in steps
 * of time, since nobody here knows how wide the panel is.
 */

/** Of the plot, without the labels below it. */
export const PLOT_HEIGHT_PX = 172;

/** What is drawn goes from 0 to `top`; `ticks` are the round values between. */
export interface Scale {
  readonly top: number;
  readonly ticks: readonly number[];
}

/** Of a series, step by step; `null`: there is nothing to say for that time. */
export type Values = readonly (number | null)[];

const MAX_INTERVALS = 5;
const ROUND = [1, 2, 5, 10];
const HEADROOM = 1.06;

/**
 * @param highest above 0
 * @param smallestStep between two ticks: 1 of counts
 */
export function scaleOf(highest: number, smallestStep = 0): Scale {
  const rough = highest / MAX_INTERVALS;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const round = (ROUND.find((n) => n * magnitude >= rough) ?? 10) * magnitude;
  const step = Math.max(round, smallestStep);
  const top = highest * HEADROOM;
  return { top, ticks: Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step) };
}

/** How far below the top of the plot a value lies. */
export function downOf(value: number, { top }: Scale): number {
  return round((1 - value / top) * PLOT_HEIGHT_PX);
}

export interface Level {
  readonly value: number;
  readonly isLimit: boolean;
  /** Whether there is room for its value beside those named before it. */
  readonly isNamed: boolean;
}

const NAME_HEIGHT_PX = 10;

/** The lines across: limits, the highest first, whose names go before those of the ticks; then the ticks. */
export function levelsOf(scale: Scale, limits: readonly number[]): Level[] {
  const named: number[] = [];
  const level = (value: number, isLimit: boolean): Level => {
    const down = downOf(value, scale);
    const isNamed = named.every((other) => Math.abs(other - down) >= NAME_HEIGHT_PX);
    if (isNamed) named.push(down);
    return { value, isLimit, isNamed };
  };
  return [
    ...[...limits].sort((a, b) => b - a).map((limit) => level(limit, true)),
    ...scale.ticks.map((tick) => level(tick, false)),
  ];
}

/** Of bars that stand on each other: where each ends. In the order of the series, from below; nothing is 0. */
export function stacked(series: readonly Values[]): number[][] {
  let below: number[] = (series[0] ?? []).map(() => 0);
  return series.map((values) => {
    below = below.map((n, i) => n + (values[i] ?? 0));
    return below;
  });
}

/** Of the width of a step: few bars would be slabs. */
const BAR_SHARES = { few: 0.5, many: 0.72 };
const MANY_BARS = 12;

/** Bars from the ground to these heights, as one path. */
export function barsPath(heights: Values, scale: Scale): string {
  const share = heights.length < MANY_BARS ? BAR_SHARES.few : BAR_SHARES.many;
  return heights
    .map((height, i) => {
      if (!height) return "";
      const left = round(i + (1 - share) / 2);
      return `M${left} ${PLOT_HEIGHT_PX}V${downOf(height, scale)}h${share}V${PLOT_HEIGHT_PX}z`;
    })
    .join("");
}

export interface LinePaths {
  readonly line: string;
  /** What lies between the line and the ground. */
  readonly area: string;
  /** Its points: of no length, so that round ends make dots of them. */
  readonly points: string;
}

/** A line through the middles of the steps; it is broken where there is no value. */
export function linePaths(values: Values, scale: Scale): LinePaths {
  const at = (value: number | null, i: number) => (value === null ? null : `${i + 0.5} ${downOf(value, scale)}`);
  const paths = { line: "", area: "", points: "" };
  let run: string[] = [];
  for (const [i, place] of [...values.map(at), null].entries()) {
    if (place !== null) {
      run.push(place);
      paths.points += `M${place}h0`;
    } else if (run.length) {
      const trace = run.join("L");
      paths.line += run.length === 1 ? `M${trace}h0` : `M${trace}`;
      paths.area += `M${i - run.length + 0.5} ${PLOT_HEIGHT_PX}L${trace}V${PLOT_HEIGHT_PX}z`;
      run = [];
    }
  }
  return paths;
}

/** How many labels of times fit side by side, by how wide the chart is: the style sheet shows those of one width. */
const LABELS_THAT_FIT = { narrow: 4, medium: 7, wide: 15 };
type Width = keyof typeof LABELS_THAT_FIT;
const WIDTHS = Object.keys(LABELS_THAT_FIT) as Width[];
const STEPS_BETWEEN_LABELS = [1, 2, 3, 4, 6, 7, 8, 12, 14, 28];

/**
 * Which of so many steps are labelled.
 *
 * @param first the number of the first step, of which multiples are labelled: an hour of the day
 */
export function timeTicks(count: number, first = 0): { readonly index: number; readonly widths: readonly Width[] }[] {
  const between = (width: Width) =>
    STEPS_BETWEEN_LABELS.find((step) => Math.ceil(count / step) <= LABELS_THAT_FIT[width]) ?? count;
  return Array.from({ length: count }, (_, index) => ({
    index,
    widths: WIDTHS.filter((width) => (first + index) % between(width) === 0),
  })).filter(({ widths }) => widths.length);
}

function round(n: number): number {
  return Math.round(n * 100) / 100;
}
