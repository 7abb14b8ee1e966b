/** Lists that nobody exported: each has rows or an error, the same however it is cut into pieces. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import type { ListRow } from "../../src/import/entry";
import { openList } from "../../src/import/list";
import { contentOf, listFiles, NOW } from "../import/lists";
import { BODY_MUTATION } from "./mutate";
import { FUZZ_TIMEOUT_MS, holds } from "./runs";

const RUNS = 150;
const LISTS = listFiles().map((name) => utf8Bytes(contentOf(name)));

async function read(chunks: Iterable<Uint8Array>): Promise<ListRow[] | string> {
  const list = await openList(chunks, { now: NOW });
  if (!list.ok) return list.error.code;
  const rows: ListRow[] = [];
  for await (const some of list.value.rows) rows.push(...some);
  return rows;
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

it(
  "reads every list to its end, in one piece or in many (fuzz)",
  async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...LISTS),
      fc.array(BODY_MUTATION, { minLength: 1, maxLength: 2 }),
      fc.integer({ min: 1, max: 5_000 }),
      async (list, mutations, size) => {
        const bytes = mutations.reduce((body, mutate) => mutate(body), list);
        const whole = await read([bytes]);
        expect(await read(cut(bytes, size))).toEqual(whole);
        if (typeof whole === "string") return;
        for (const { line, outcome } of whole) {
          expect(line).toBeGreaterThan(0);
          const drafts = outcome.type === "entries" ? outcome.drafts : [];
          for (const { recipient, occurredAt = NOW } of drafts) {
            expect(recipient).not.toBe("");
            expect(Number.isFinite(occurredAt)).toBe(true);
          }
        }
      },
    );
    await holds(property, RUNS);
  },
  FUZZ_TIMEOUT_MS,
);
