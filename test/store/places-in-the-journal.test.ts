/** Where a moment stands in the journal, and what is said of a message: by indexes that hold few rows. */
import { beforeEach, expect, it } from "vitest";
import { searchEvents } from "../../src/store/events";
import { insertEvents } from "../../src/store/journal";
import { lastReceiptBefore } from "../../src/store/retention";
import { setStage } from "../support/stage";
import { bindings } from "../support/worker";
import { eventOf } from "./plans/samples";

const INSERT_RECEIPT = `
  INSERT INTO receipts (id, request_id, source, provider, connection, received_at, method, query, headers, body_sha256,
    body_bytes, status)
  VALUES (?1, ?1, 'webhook', 'postmark', 'default', ?2, 'POST', '[]', '[]', '', 0, 'recorded')`;
const SEQ_PER_RECEIPT = 131_072;

setStage();

beforeEach(async () => {
  await bindings.DB.batch(["events", "receipts"].map((table) => bindings.DB.prepare(`DELETE FROM ${table}`)));
});

it("is found for every moment, also where most receipts are gone", async () => {
  const kept = Array.from({ length: 400 }, (_, i) => i + 1).filter((id) => id % 7 !== 3 && (id < 100 || id > 290));
  const timeOf = (id: number) => 1_000 + Math.floor(id / 3) * 10;
  await bindings.DB.batch(kept.map((id) => bindings.DB.prepare(INSERT_RECEIPT).bind(id, timeOf(id))));
  for (let time = 995; time <= timeOf(400) + 10; time += 5) {
    const before = kept.filter((id) => timeOf(id) < time);
    expect(await lastReceiptBefore(bindings.DB, time), `${time}`).toBe(before.at(-1) ?? 0);
  }
});

it("divides the journal in what came since and until then", async () => {
  for (let id = 1; id <= 130; id++) {
    const [insert] = insertEvents(bindings.DB, [eventOf()]);
    await bindings.DB.batch([insert!, bindings.DB.prepare(INSERT_RECEIPT).bind(id, 1_000 + id)]);
  }
  for (const time of [900, 1_001, 1_064, 1_065, 1_100, 1_130, 1_131]) {
    const receiptsOf = async (filter: { since?: number; until?: number }) =>
      (await searchEvents(bindings.DB, filter, 200, null)).rows.map((row) => Math.floor(row.seq / SEQ_PER_RECEIPT));
    const all = Array.from({ length: 130 }, (_, i) => 130 - i);
    expect(await receiptsOf({ since: time })).toEqual(all.filter((id) => 1_000 + id >= time));
    expect(await receiptsOf({ until: time })).toEqual(all.filter((id) => 1_000 + id < time));
  }
});

it("has each event of a message, by its provider's id and by its Message-ID, whatever these have in common", async () => {
  const messages = [
    { messageId: "abc_1", internetMessageId: "abc_1@mx.example.org" },
    { messageId: "abc_1", internetMessageId: "own@example.com" },
    { messageId: "abc_1", internetMessageId: undefined },
    { messageId: undefined, internetMessageId: "abc_1@mx.example.org" },
    { messageId: "abcX1", internetMessageId: "abcX1@mx.example.org" },
    { messageId: "abc_1@mx.example.org", internetMessageId: undefined },
    { messageId: "@", internetMessageId: "@@" },
    { messageId: "other", internetMessageId: "abc_1@elsewhere.example" },
  ];
  const events = messages.map((message) => ({ ...eventOf(), ...message }));
  await bindings.DB.batch(
    insertEvents(
      bindings.DB,
      events.map(({ messageId, internetMessageId, ...event }) => ({
        ...event,
        ...(messageId === undefined ? {} : { messageId }),
        ...(internetMessageId === undefined ? {} : { internetMessageId }),
      })),
    ),
  );
  for (const id of ["abc_1", "abc_1@mx.example.org", "own@example.com", "abcX1", "abc", "@", "@@", "other", ""]) {
    const { rows } = await searchEvents(bindings.DB, { messageId: id }, 50, null);
    const expected = events.filter((e) => e.messageId === id || e.internetMessageId === id).map((e) => e.id);
    expect(rows.map((row) => row.id).sort(), id).toEqual(expected.sort());
  }
});
