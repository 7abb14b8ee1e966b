/** A chart and, always, its numbers as a table: for readers without script, and for those who listen. */
import type { Child } from "hono/jsx";
import { count, percent, Scroll, Time } from "./words";

/** Colours of the style sheet, by what they stand for everywhere. */
export type Colour = "delivered" | "hard" | "soft" | "block" | "undetermined" | "complaint" | "reply" | "opt-out";

export interface Series {
  readonly label: string;
  readonly colour: Colour;
  /** `null`: there is nothing to say for that time. */
  readonly values: readonly (number | null)[];
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
          <div
            class="chart"
            data-table={`${id}-table`}
            data-step={step}
            data-unit={isShare ? "%" : ""}
            data-limits={limits.map((limit) => limit * 100).join(" ")}
          ></div>
          {children}
          <Numbers id={id} title={title} step={step} times={times} series={series} isShare={isShare} />
        </>
      )}
    </section>
  );
}

function Numbers({ id, title, step, times, series, isShare }: Omit<ChartProps, "limits" | "children">) {
  const shown = (value: number | null) => (value === null ? "–" : isShare ? percent(value) : count(value));
  const drawn = (value: number | null) =>
    value === null ? "" : String(isShare ? Math.round(value * 1_000_000) / 10_000 : value);
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
                  <td class="num" data-value={drawn(values[row] ?? null)}>
                    {shown(values[row] ?? null)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}
