/**
 * Metrics in the text form of Prometheus, version 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/ (read 2026-11). Pure.
 */

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  /** `null`: not known, and left out. */
  readonly value: number | null;
}

export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** Of Prometheus' text exposition format. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Every metric with its help and its type, each sample on a line. A metric without samples is left out. */
export function metricsText(metrics: readonly Metric[]): string {
  return metrics
    .map((metric) => ({ ...metric, lines: metric.samples.flatMap((sample) => lineOf(metric.name, sample)) }))
    .filter(({ lines }) => lines.length > 0)
    .map(({ name, type, help, lines }) =>
      [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n"),
    )
    .join("");
}

function lineOf(name: string, { labels = {}, value }: Sample): string[] {
  if (value === null) return [];
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text).replaceAll('"', '\\"')}"`);
  return [`${name}${pairs.length ? `{${pairs.join(",")}}` : ""} ${value}`];
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
