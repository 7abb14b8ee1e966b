import { expect, test } from "vitest";
import { runScript } from "./local-service";

const SMALL = { EVENTS_PER_DAY: "1000000" };

test("a simulated day is the same for the same seed, another for another, and loses nothing", async () => {
  const play = (seed: string, names: readonly string[]) => runScript("simulate.mjs", { ...SMALL, SEED: seed }, names);
  const [first, again, other] = await Promise.all([
    play("7", ["sixteen, queue", "eight"]),
    play("7", ["sixteen, queue", "eight"]),
    play("8", ["sixteen, queue", "eight"]),
  ]);
  expect(first, first.output).toMatchObject({ code: 0 });
  expect(again.output).toBe(first.output);
  expect(other.output).not.toBe(first.output);
  expect(first.output).toMatch(/given up +0\n/);
  expect(first.output).toContain("Nothing was lost");
});

test("a database that cannot keep up is told from what is lost: providers give up, and that is counted", async () => {
  const slow = { ...SMALL, EVENTS_PER_DAY: "400000", WRITE_MS: "3000" };
  const { code, output } = await runScript("simulate.mjs", slow, ["one, half of it"]);
  expect(code, output).toBe(0);
  expect(output).toMatch(/given up +[1-9]/);
});

test("a scenario that does not exist is named", async () => {
  const { code, output } = await runScript("simulate.mjs", SMALL, ["seventeen"]);
  expect(code).toBe(1);
  expect(output).toContain("No scenario seventeen");
});
