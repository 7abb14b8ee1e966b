/** Migrations run before the new code, on a database that is in use: nothing that is there may get lost. */
import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { rowsOf } from "../support/stores";
import { emptyStores } from "../support/worker";

const { DB, TEST_MIGRATIONS } = env as unknown as { DB: D1Database; TEST_MIGRATIONS: D1Migration[] };

const INSERT_RECEIPT = `INSERT INTO receipts (id, request_id, source, provider, connection, received_at, method, query,
  headers, body_sha256, body_bytes, status, replay_of) VALUES (?1, ?2, ?3, 'ses', 'eu', ?4, 'POST', '[]', '[]', 'ab', 7, ?5, ?6)`;

it("receipts stay as they are, under their ids, and may name mail as their source from then on", async () => {
  await emptyStores();
  const at = TEST_MIGRATIONS.findIndex(({ name }) => name.startsWith("0006"));
  await applyD1Migrations(DB, TEST_MIGRATIONS.slice(0, at));
  const receipts = ["webhook", "queue", "api", "operator", "replay"].map((source, i) =>
    DB.prepare(INSERT_RECEIPT).bind(
      7 * i + 1,
      `r${i}`,
      source,
      1_000 + i,
      i % 2 ? "quarantined" : "recorded",
      i || null,
    ),
  );
  await DB.batch([
    ...receipts,
    DB.prepare("INSERT INTO receipt_bodies VALUES (1, 0, x'00ff')"),
    DB.prepare("INSERT INTO quarantine VALUES ('q', 8, NULL, 'unverified', '', 0)"),
  ]);
  const tables = ["receipts", "receipt_bodies", "quarantine"];
  const contents = () => Promise.all(tables.map((table) => rowsOf(`SELECT * FROM ${table}`)));
  const before = await contents();
  await expect(DB.prepare(INSERT_RECEIPT).bind(99, "r", "email", 1, "recorded", null).run()).rejects.toThrow(/CHECK/);

  await applyD1Migrations(DB, TEST_MIGRATIONS.slice(0, at + 1));
  expect(await contents()).toEqual(before);
  for (const [i, source] of ["email", "mailbox", "webhook"].entries()) {
    await DB.prepare(INSERT_RECEIPT)
      .bind(100 + i, "r", source, 1, "recorded", null)
      .run();
  }
  await expect(DB.prepare(INSERT_RECEIPT).bind(99, "r", "fax", 1, "recorded", null).run()).rejects.toThrow(/CHECK/);
  const indexes = await rowsOf<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('receipts', 'quarantine') ORDER BY name",
  );
  expect(indexes.map(({ name }) => name)).toEqual(["quarantine_open", "quarantine_receipt", "receipts_received"]);
});
