import { beforeEach, expect, it } from "vitest";
import { recipientsOfMessage } from "../../src/store/known-messages";
import { report } from "../support/reports";
import { setStage } from "../support/stage";
import { notingStatements, planOf } from "../support/statements";
import { rowsOf } from "../support/stores";
import { bindings, freshStores } from "../support/worker";

setStage();
beforeEach(freshStores);

const [JOHN, ANN, BOB] = ["john@example.com", "ann@example.com", "bob@example.com"];
const MESSAGE = { internetMessageId: "m@example.com", messageIds: ["m@example.com", "id-of-the-provider"] };
const known = async (...addresses: string[]) =>
  [...(await recipientsOfMessage(bindings.DB, MESSAGE, addresses))].sort();

it("a message is known of those to whom it went, by either of its names, and of nobody else", async () => {
  const own = { kind: "delivered" };
  await report([
    { ...own, recipient: JOHN, internetMessageId: "<m@example.com>" } as never,
    { ...own, recipient: ANN, messageId: "id-of-the-provider" },
    { ...own, recipient: BOB, messageId: "another" },
  ]);
  expect(await known(JOHN, ANN, BOB, "stranger@example.com")).toEqual([ANN, JOHN]);
  expect(await known(BOB)).toEqual([]);
  expect(await known()).toEqual([]);
});

it("what was taken back does not speak for a message", async () => {
  await report({ kind: "delivered", recipient: ANN, messageId: "id-of-the-provider" });
  await rowsOf("UPDATE events SET retracted_by = 'batch'");
  expect(await known(ANN)).toEqual([]);
});

it("the look-up goes by the recipient's own rows: a campaign's Message-ID may be that of a million mails", async () => {
  const { DB, texts } = notingStatements();
  await recipientsOfMessage(DB, MESSAGE, [JOHN]);
  const [sql = ""] = texts;
  const plan = (await planOf(sql)).filter((line) => /\be\b/.test(line));
  expect(plan).toEqual([expect.stringContaining("events_identity (address=?)")]);
});
