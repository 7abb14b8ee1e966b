import { expect, it } from "vitest";
import { metricsText } from "../../src/domain/prometheus";

it("each metric has its help and its type, and each sample a line", () => {
  expect(
    metricsText([
      {
        name: "events_total",
        type: "counter",
        help: "Events.",
        samples: [{ labels: { provider: "ses", kind: "bounced" }, value: 3 }, { value: 4.5 }],
      },
      { name: "pending", type: "gauge", help: "Pending.", samples: [{ value: 0 }] },
    ]),
  ).toBe(`# HELP events_total Events.
# TYPE events_total counter
events_total{provider="ses",kind="bounced"} 3
events_total 4.5
# HELP pending Pending.
# TYPE pending gauge
pending 0
`);
});

it("what is not known is left out, and a metric with nothing known too", () => {
  const samples = [{ value: null }];
  expect(metricsText([{ name: "a", type: "gauge", help: "A.", samples }])).toBe("");
  expect(metricsText([{ name: "a", type: "gauge", help: "A.", samples: [...samples, { value: 1 }] }])).toMatch(
    /\na 1\n$/,
  );
});

it("values of labels cannot end the label or the line", () => {
  const samples = [{ labels: { connection: 'a"b\\c\nd' }, value: 1 }];
  expect(metricsText([{ name: "a", type: "gauge", help: "back\\slash\nline", samples }])).toBe(
    '# HELP a back\\\\slash\\nline\n# TYPE a gauge\na{connection="a\\"b\\\\c\\nd"} 1\n',
  );
});
