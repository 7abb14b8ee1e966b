import { expect, it } from "vitest";
import { batchIdOf } from "../../src/pipeline/batches";

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

it("a batch's id is a UUID of version 7: later ones are greater, and two of the same moment differ", () => {
  const times = [0, 1, 255, 256, Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1) + 1, Date.UTC(2999, 0, 1)];
  const ids = times.map((time) => batchIdOf(time, crypto.randomUUID()));
  for (const id of ids) expect(id).toMatch(FORM);
  expect([...ids].sort()).toEqual(ids);
  expect(batchIdOf(1, crypto.randomUUID())).not.toBe(batchIdOf(1, crypto.randomUUID()));
});
