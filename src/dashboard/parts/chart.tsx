/** A chart and, always, its numbers as a table: for those who listen, and for the pointer, to which script tells them. */
import type { Child } from "hono/jsx";
import { once } from "../../domain/once";
import {
  barsPath,
  downOf,
  type Level,
  levelsOf,
  linePaths,
  PLOT_HEIGHT_PX,
  type Scale,
  scaleOf,
  stacked,
  timeTicks,
  type Values,
} from "./chart-geometry";
import { limitWords } from "./tiles";
import { count, percent, Scroll, Time } from "./words";

/** Colours of the style sheet, by what they stand for everywhere. */
export type Colour = "delivered" | "hard" | "soft" | "block" | "undetermined" | "complaint" | "reply" | "opt-out";

export interface Series {
  readonly label: string;
  readonly colour: Colour;
  /** `null`: there is nothing to say for that time. */
  readonly values: Values;
}

interface ChartProps {
  readonly id: string;
  readonly title: string;
  readonly step: "hour" | "day";
  /** Epoch ms. */
  readonly times: readonly number[];
  /** Counts are drawn as bars, one on the other, in this order from below; shares as lines. */
  readonly series: readonly Series[];
  /** Shares of one, shown in per cent; with lines that are not to be crossed. */
  readonly isShare?: boolean;
  readonly limits?: readonly number[];
  readonly children?: Child;
}

/** A panel with a chart and the same numbers as a table; where there is no value but nought, it says so instead. */
export function Chart({ id, title, step, times, series, isShare = false, limits = [], children }: ChartProps) {
  const isEmpty = series.every(({ values }) => values.every((value) => !value));
  return (
    <section class="panel chart-panel" aria-labelledby={`${id}-title`}>
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        {series.length < 2 ? null : (
          <ul class="legend" aria-hidden="true">
            {series.map(({ label, colour }) => (
              <li>
                <span class={`key ${colour}`}></span>
                {label}
              </li>
            ))}
          </ul>
        )}
      </header>
      {isEmpty ? (
        <p class="none">None in this time.</p>
      ) : (
        <>
          <Plot id={id} step={step} times={times} series={series} isShare={isShare} limits={limits} />
          {children}
          <Numbers id={id} title={title} step={step} times={times} series={series} isShare={isShare} />
        </>
      )}
    </section>
  );
}

type Drawn = Omit<Required<ChartProps>, "title" | "children">;

/**
 * The drawing. Without a `viewBox` its texts keep their size: what lies across is in per cent, and only the marks are
 * stretched, in a drawing of their own. Colours are the style sheet's.
 */
function Plot({ id, step, times, series, isShare, limits }: Drawn) {
  const shown = series.map(({ values }) => values);
  const tops = isShare ? shown : stacked(shown);
  const scale = scaleOf(Math.max(...limits, ...tops.flat().map(Number)), isShare ? 0 : 1);
  const levels = levelsOf(scale, limits);
  return (
    <div class="chart" data-table={`${id}-table`}>
      <svg class="plot" width="100%" height={PLOT_HEIGHT_PX} aria-hidden="true">
        <Levels levels={levels.filter(({ isLimit }) => !isLimit)} scale={scale} isShare={isShare} />
        <rect class="cursor" width={`${100 / times.length}%`} height={PLOT_HEIGHT_PX} display="none" />
        <svg viewBox={`0 0 ${times.length} ${PLOT_HEIGHT_PX}`} preserveAspectRatio="none" aria-hidden="true">
          {isShare ? <Lines series={series} scale={scale} /> : <Bars series={series} tops={tops} scale={scale} />}
        </svg>
        <Levels levels={levels.filter(({ isLimit }) => isLimit)} scale={scale} isShare={isShare} />
        <Times step={step} times={times} />
      </svg>
    </div>
  );
}

const compact = once(() => new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }));

function Levels({ levels, scale, isShare }: { levels: readonly Level[]; scale: Scale; isShare: boolean }) {
  return (
    <>
      {levels.map(({ value, isLimit, isNamed }) => {
        // In the middle of a pixel, where a thin line is not smeared over two.
        const y = Math.floor(downOf(value, scale)) + 0.5;
        return (
          <g class={isLimit ? "limit" : "level"}>
            <line x2="100%" y1={y} y2={y} />
            {isNamed ? (
              <text x="-8" y={y} dy="0.32em">
                {isShare ? limitWords(value) : compact().format(value)}
              </text>
            ) : null}
          </g>
        );
      })}
    </>
  );
}

/** Stacked bars are drawn from the ground, the uppermost first, so that no seam shows between them. */
function Bars({ series, tops, scale }: { series: readonly Series[]; tops: readonly Values[]; scale: Scale }) {
  const bars = series.map(({ colour }, i) => ({ colour, path: barsPath(tops[i] ?? [], scale) }));
  return (
    <>
      {bars.toReversed().map(({ colour, path }) => (
        <path class={`bars ${colour}`} d={path} />
      ))}
    </>
  );
}

/** More points than this would be a chain of beads. */
const MAX_POINTS = 40;

function Lines({ series, scale }: { series: readonly Series[]; scale: Scale }) {
  return (
    <>
      {series.map(({ colour, values }) => {
        const { line, area, points } = linePaths(values, scale);
        return (
          <g class={`line ${colour}`}>
            <path class="area" d={area} />
            <path d={line} />
            {values.length < MAX_POINTS ? <path class="points" d={points} /> : null}
          </g>
        );
      })}
    </>
  );
}

const dayWords = once(() => new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" }));
const TIMES_DOWN_PX = 18;

/** Hours are those of UTC until script makes them the reader's. */
function Times({ step, times }: Pick<Drawn, "step" | "times">) {
  const isByHour = step === "hour";
  return (
    <>
      {timeTicks(times.length, isByHour ? new Date(times[0] ?? 0).getUTCHours() : 0).map(({ index, widths }) => {
        const at = new Date(times[index] ?? 0);
        return (
          <text
            class={`time ${widths.join(" ")}`}
            x={`${(100 * (index + 0.5)) / times.length}%`}
            y={PLOT_HEIGHT_PX + TIMES_DOWN_PX}
            data-hour={isByHour ? at.toISOString() : undefined}
          >
            {isByHour ? at.toISOString().slice(11, 16) : dayWords().format(at)}
          </text>
        );
      })}
    </>
  );
}

function Numbers({ id, title, step, times, series, isShare }: Omit<ChartProps, "limits" | "children">) {
  const shown = (value: number | null) => (value === null ? "–" : isShare ? percent(value) : count(value));
  return (
    <details class="more small">
      <summary>
        Numbers<span class="visually-hidden"> of the chart: {title}</span>
      </summary>
      <Scroll label={`Numbers: ${title}`}>
        <table id={`${id}-table`}>
          <caption class="visually-hidden">{title}</caption>
          <thead>
            <tr>
              <th scope="col">{step === "hour" ? "Hour" : "Day (UTC)"}</th>
              {series.map(({ label, colour }) => (
                <th scope="col" class="num" data-colour={colour}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {times.map((at, row) => (
              <tr>
                <th scope="row">
                  <Time at={at} precision={step === "hour" ? "minute" : "day"} />
                </th>
                {series.map(({ values }) => (
                  <td class="num">{shown(values[row] ?? null)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}
