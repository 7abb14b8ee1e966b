/** A chart and, always, its numbers as a table: for readers without script, and for those who listen. */
import type { Child } from "hono/jsx";
import { count, percent, Time } from "./words";

export interface Series {
  readonly label: string;
  readonly values: readonly number[];
}

interface ChartProps {
  readonly id: string;
  readonly title: string;
  readonly step: "hour" | "day";
  /** Epoch ms. */
  readonly times: readonly number[];
  /** At most six: so many colours tell them apart. */
  readonly series: readonly Series[];
  /** Shares of one, shown in per cent. */
  readonly isShare?: boolean;
  readonly children?: Child;
}

export function Chart({ id, title, step, times, series, isShare = false, children }: ChartProps) {
  const shown = (value: number) => (isShare ? percent(value) : count(value));
  const drawn = (value: number) => (isShare ? Math.round(value * 1_000_000) / 10_000 : value);
  return (
    <section class="panel" aria-labelledby={`${id}-title`}>
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        <ul class="legend" aria-hidden="true">
          {series.map(({ label }, i) => (
            <li>
              <span class={`key c${i + 1}`}></span>
              {label}
            </li>
          ))}
        </ul>
      </header>
      <div class="chart" data-table={`${id}-table`} data-step={step} data-unit={isShare ? "%" : ""}></div>
      {children}
      <details class="more small">
        <summary>Numbers</summary>
        <div class="scroll">
          <table id={`${id}-table`}>
            <caption>{title}</caption>
            <thead>
              <tr>
                <th scope="col">{step === "hour" ? "Hour" : "Day"}</th>
                {series.map(({ label }) => (
                  <th scope="col" class="num">
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
                    <td class="num" data-value={String(drawn(values[row] ?? 0))}>
                      {shown(values[row] ?? 0)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}
