/** Where a chart's bars, lines and labels lie, without a browser to draw them. */
import { describe, expect, it } from "vitest";
import {
  barsPath,
  downOf,
  levelsOf,
  linePaths,
  PLOT_HEIGHT_PX,
  scaleOf,
  stacked,
  timeTicks,
} from "../../src/dashboard/parts/chart-geometry";

const GROUND = PLOT_HEIGHT_PX;
/** On it a value is as many pixels above the ground. */
const PIXELS = { top: PLOT_HEIGHT_PX, ticks: [] };

describe("a scale", () => {
  it.each([
    [76, [0, 20, 40, 60, 80]],
    [860, [0, 200, 400, 600, 800]],
    [1_201, [0, 500, 1_000]],
    [3, [0, 1, 2, 3]],
    [1, [0, 1]],
    [4_800_000, [0, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000]],
  ])("of counts up to %i has round ticks, none between two wholes", (highest, ticks) => {
    expect(scaleOf(highest, 1).ticks).toEqual(ticks);
  });

  it("of shares has round ticks however small they are", () => {
    const ticks = scaleOf(0.0037).ticks.map((tick) => Number(tick.toFixed(6)));
    expect(ticks).toEqual([0, 0.001, 0.002, 0.003]);
    expect(scaleOf(1).ticks).toHaveLength(6);
  });

  it("leaves room for the highest, and never has more than seven ticks", () => {
    for (let highest = 0.000_01; highest < 1e9; highest *= 1.37) {
      const scale = scaleOf(highest);
      expect(scale.top).toBeGreaterThan(highest);
      expect(scale.ticks.at(-1)).toBeLessThanOrEqual(scale.top);
      expect(scale.ticks.length).toBeGreaterThan(2);
      expect(scale.ticks.length).toBeLessThan(8);
    }
  });

  it("has 0 on the ground and its top at the top", () => {
    const scale = scaleOf(50, 1);
    expect([downOf(0, scale), downOf(scale.top, scale)]).toEqual([GROUND, 0]);
  });
});

describe("the lines across", () => {
  const named = (highest: number, limits: readonly number[]) =>
    levelsOf(scaleOf(highest), limits).flatMap(({ value, isNamed }) => (isNamed ? [Number(value.toFixed(6))] : []));

  it("are the limits, the highest first, and the ticks", () => {
    const levels = levelsOf({ top: 10, ticks: [0, 5, 10] }, [2, 7]);
    expect(levels.map(({ value, isLimit }) => [value, isLimit])).toEqual([
      ...[7, 2].map((limit) => [limit, true]),
      ...[0, 5, 10].map((tick) => [tick, false]),
    ]);
  });

  it("are all named where there is room, and limits before ticks where there is not", () => {
    expect(named(0.008, [0.001, 0.003])).toEqual([0.003, 0.001, 0, 0.002, 0.004, 0.006, 0.008]);
    expect(named(0.05, [0.05])).toEqual([0.05, 0, 0.01, 0.02, 0.03, 0.04]);
    expect(named(0.05, [0.001, 0.003])).not.toContain(0.001);
  });
});

describe("bars", () => {
  it("stand on each other, and on nothing where there is nothing to say", () => {
    expect(
      stacked([
        [1, 0, null],
        [2, 3, 4],
      ]),
    ).toEqual([
      [1, 0, 0],
      [3, 3, 4],
    ]);
    expect(stacked([])).toEqual([]);
  });

  it("go from the ground to their height, in the middle of their step, and are left out at 0", () => {
    expect(barsPath([10, 0, 20], PIXELS)).toBe(
      `M0.25 ${GROUND}V${GROUND - 10}h0.5V${GROUND}zM2.25 ${GROUND}V${GROUND - 20}h0.5V${GROUND}z`,
    );
  });

  it("are broader, as steps go, where there are many", () => {
    const first = barsPath(Array(30).fill(1), PIXELS).split("z")[0];
    expect(first).toBe(`M0.14 ${GROUND}V${GROUND - 1}h0.72V${GROUND}`);
  });
});

describe("a line", () => {
  it("goes through the middles of the steps, with the ground below it", () => {
    const { line, area, points } = linePaths([10, 20], PIXELS);
    expect(line).toBe(`M0.5 ${GROUND - 10}L1.5 ${GROUND - 20}`);
    expect(area).toBe(`M0.5 ${GROUND}L0.5 ${GROUND - 10}L1.5 ${GROUND - 20}V${GROUND}z`);
    expect(points).toBe(`M0.5 ${GROUND - 10}h0M1.5 ${GROUND - 20}h0`);
  });

  it("is broken where there is no value, and a value alone is a dot", () => {
    const { line, area } = linePaths([null, 10, null, null, 0, 1, null], PIXELS);
    expect(line).toBe(`M1.5 ${GROUND - 10}h0M4.5 ${GROUND}L5.5 ${GROUND - 1}`);
    expect(area.match(/M[\d.]+ /g)).toEqual(["M1.5 ", "M4.5 "]);
  });

  it("of nothing is nothing", () => {
    expect(linePaths([null, null], PIXELS)).toEqual({ line: "", area: "", points: "" });
  });
});

describe("labels of times", () => {
  const labelled = (count: number, first?: number) =>
    Object.fromEntries(
      (["narrow", "medium", "wide"] as const).map((width) => [
        width,
        timeTicks(count, first)
          .filter(({ widths }) => widths.includes(width))
          .map(({ index }) => index),
      ]),
    );

  it("are as many as fit, evenly", () => {
    expect(labelled(7)).toEqual({ narrow: [0, 2, 4, 6], medium: [0, 1, 2, 3, 4, 5, 6], wide: [0, 1, 2, 3, 4, 5, 6] });
    expect(labelled(30)).toMatchObject({ narrow: [0, 8, 16, 24], medium: [0, 6, 12, 18, 24] });
    expect(labelled(90)).toMatchObject({ narrow: [0, 28, 56, 84], medium: [0, 14, 28, 42, 56, 70, 84] });
    expect(labelled(90).wide).toHaveLength(15);
  });

  it("of hours are at round hours of the day", () => {
    expect(labelled(24, 5)).toMatchObject({ narrow: [1, 7, 13, 19], medium: [3, 7, 11, 15, 19, 23] });
  });
});
