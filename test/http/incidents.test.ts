import { describe, expect, it } from "vitest";
import type { Page } from "../../src/client/types";
import { burst } from "../support/bursts";
import {
  decide,
  decided,
  guardedEnv,
  incidentAt,
  incidents,
  incidentsAt,
  MIN_RECIPIENTS,
  refuseAll,
  refused,
} from "../support/incidents";
import { eventsOf, expectAgreement } from "../support/ledger";
import { block, delivered, post, release, report } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { countOf, reasonsOf, versionOf } from "../support/stores";
import { api, jsonOf, runCron } from "../support/worker";

setStage();

const env = guardedEnv();
const HOUR_MS = 60 * MINUTE_MS;

async function reasonsOfAll(recipients: readonly string[]): Promise<string[]> {
  return [...new Set((await Promise.all(recipients.map(reasonsOf))).map((reasons) => reasons.join()))];
}

describe("a burst of the same cause", () => {
  it("is held from the request on that makes it one, and says what it is", async () => {
    const { receiver, first, then, id } = await burst(env);
    expect(await reasonsOfAll(first)).toEqual(["hard"]);
    expect(await reasonsOfAll(then)).toEqual([""]);
    const size = MIN_RECIPIENTS + 4;
    const figures = { held: 5, recipients: size, knownGood: size, threshold: MIN_RECIPIENTS };
    const open = { status: "open", connection: "api/default", receiver, endedAt: null, decidedAt: null, ...figures };
    expect(await incidentAt(receiver)).toMatchObject(open);
    expect(await jsonOf(await api(`/v1/incidents/${id}`))).toMatchObject({
      ...open,
      class: "hard",
      suppressedBefore: first.length,
      diagnosticCode: expect.stringContaining("block list"),
    });
  });

  it("shows at the recipient what holds its event", async () => {
    const { then, id } = await burst(env);
    const { timeline, suppressed, pending } = await jsonOf(await api(`/v1/recipients/${then[0]}`));
    expect({ suppressed, pending }).toEqual({ suppressed: false, pending: 0 });
    expect(timeline[0]).toMatchObject({ kind: "bounced", heldBy: id, appliedAt: null });
    expect(timeline[1]).not.toHaveProperty("heldBy");
  });

  it("lists whom it holds, and whom it had before, page by page", async () => {
    const { first, then, id } = await burst(env);
    for (const [group, expected] of [
      ["held", then],
      ["before", first],
    ] as const) {
      const found: string[] = [];
      for (let cursor: string | null = ""; cursor !== null; ) {
        const at = cursor === "" ? "" : `&cursor=${cursor}`;
        const answer = await api(`/v1/incidents/${id}/recipients?group=${group}&limit=2${at}`);
        const { items, nextCursor } = await jsonOf<Page<{ recipient: string }>>(answer);
        found.push(...items.map(({ recipient }) => recipient));
        cursor = nextCursor;
      }
      expect(found).toEqual(expected);
    }
  });

  it("is listed by status, newest first, page by page", async () => {
    const one = await burst(env);
    const two = await burst(env);
    await decided(one.id, "confirm");
    const open = await incidents("?status=open&limit=1");
    expect(open).toMatchObject([{ id: two.id }]);
    const page = await jsonOf(await api("/v1/incidents?limit=1"));
    expect((await jsonOf(await api(`/v1/incidents?limit=1&cursor=${page.nextCursor}`))).items).toMatchObject([
      { id: one.id, status: "confirmed" },
    ]);
    expect((await api(`/v1/incidents?status=open&cursor=${page.nextCursor}`)).status).toBe(400);
    expect((await api("/v1/incidents?status=closed")).status).toBe(400);
  });

  it("holds no complaint, no unsubscription, and no bounce that says something else", async () => {
    const { receiver, then } = await burst(env);
    const [one = "", two = "", three = ""] = then;
    await report({ kind: "complained", recipient: one }, env);
    await report({ kind: "unsubscribed", recipient: two }, env);
    await report({ kind: "bounced", recipient: three, class: "hard", diagnosticCode: "550 5.1.1 No such user" }, env);
    expect(await Promise.all([one, two, three].map(reasonsOf))).toEqual([["complaint"], ["unsubscribe"], ["hard"]]);
    expect(await incidentAt(receiver)).toMatchObject({ held: then.length });
  });

  it("keeps what is held when it comes again, and from the cron", async () => {
    const { receiver, then, said } = await burst(env);
    const again = then.map((recipient) => refused(recipient, said));
    expect(await jsonOf(await post(again, env))).toMatchObject({ new: 0, duplicate: then.length, pending: 0 });
    await settle(env);
    expect(await reasonsOfAll(then)).toEqual([""]);
    expect(await incidentAt(receiver)).toMatchObject({ held: then.length });
    expect(await countOf("events WHERE state = 0")).toBe(0);
  });

  it("ends when it has been quiet for a window; what comes then counts as ever, and the decision is still to be made", async () => {
    const { receiver, then, first, said } = await burst(env);
    pass(2 * HOUR_MS);
    await runCron(env);
    expect(await incidentAt(receiver)).toMatchObject({ status: "open", endedAt: expect.any(String) });
    await refuseAll(then.slice(0, 1), env, said);
    expect(await reasonsOf(then[0] ?? "")).toEqual(["hard"]);
    expect(await reasonsOf(then[1] ?? "")).toEqual([]);
    // What comes late belongs to it.
    await report(refused(first[0] ?? "", { ...said, at: Date.now() - 2 * HOUR_MS - 1, messageId: "late" }), env);
    expect(await incidentAt(receiver)).toMatchObject({ held: then.length + 1 });
  });
});

describe("an incident that is confirmed", () => {
  it("lets what it held take effect, and goes on doing so for the rest of the burst", async () => {
    const { receiver, then, id, said } = await burst(env);
    expect(await decided(id, "confirm")).toMatchObject({
      status: "confirmed",
      pending: 0,
      settledAt: expect.any(String),
    });
    await refuseAll([`later@${receiver}`], env, said);
    expect(await reasonsOfAll([...then, `later@${receiver}`])).toEqual(["hard"]);
    expect(await incidentsAt(receiver)).toHaveLength(1);
    await settle(env);
    for (const recipient of then) await expectAgreement(recipient);
  });

  it("is confirmed once: asked again it is done, and it cannot be dropped", async () => {
    const { then, id } = await burst(env);
    const first = await decided(id, "confirm");
    const version = await versionOf(then[0] ?? "");
    pass(MINUTE_MS);
    expect(await decided(id, "confirm")).toEqual(first);
    expect(await versionOf(then[0] ?? "")).toBe(version);
    const refusal = await decide(id, "drop");
    expect(refusal.status).toBe(409);
    expect((await jsonOf(refusal)).code).toBe("incident_decided");
    expect(await reasonsOfAll(then)).toEqual(["hard"]);
    expect(await countOf("audit WHERE subject = ?", id)).toBe(1);
  });

  it("does not suppress whom somebody released meanwhile", async () => {
    const { then, id } = await burst(env);
    const [one = "", two = ""] = then;
    pass(MINUTE_MS);
    await block(one, {}, env);
    await release(one, "", env);
    await decided(id, "confirm");
    expect(await reasonsOf(one)).toEqual([]);
    expect(await reasonsOf(two)).toEqual(["hard"]);
  });

  it("does not count what a delivery took back meanwhile", async () => {
    const { then, id } = await burst(env, 5, { class: "soft" });
    const [one = "", two = ""] = then;
    pass(MINUTE_MS);
    await report(delivered(one, Date.now(), "better"), env);
    await decided(id, "confirm");
    await settle(env);
    expect((await expectAgreement(one)).verdict.softCount).toBe(0);
    expect((await expectAgreement(two)).verdict.softCount).toBe(1);
  });
});

describe("an incident that is dropped", () => {
  it("withdraws what it held, for the rest of the burst too, and a repetition is one still", async () => {
    const { receiver, first, then, id, said } = await burst(env);
    const repeated = refused(then[0] ?? "", said);
    expect(await decided(id, "drop")).toMatchObject({ status: "dropped", pending: 0, released: 0 });
    await refuseAll([`later@${receiver}`], env, said);
    expect(await jsonOf(await post(repeated, env))).toMatchObject({ new: 0, duplicate: 1 });
    await settle(env);
    expect(await reasonsOfAll([...then, `later@${receiver}`])).toEqual([""]);
    expect(await reasonsOfAll(first)).toEqual(["hard"]);
    for (const recipient of then) await expectAgreement(recipient);
    expect((await jsonOf(await api(`/v1/recipients/${then[0]}`))).timeline[0]).toMatchObject({ retractedBy: id });
    expect((await decide(id, "confirm")).status).toBe(409);
  });

  it("releases what the burst suppressed before, where that is asked for, and nothing else", async () => {
    const { first, id } = await burst(env);
    const [complainer = "", bouncer = ""] = first;
    await report({ kind: "complained", recipient: complainer }, env);
    await report({ kind: "bounced", class: "hard", recipient: bouncer, diagnosticCode: "550 5.1.1 Unknown" }, env);
    expect(await decided(id, "drop", { releaseSuppressed: true })).toMatchObject({
      released: first.length,
      pending: 0,
    });
    expect(await reasonsOf(complainer)).toEqual(["complaint"]);
    expect(await reasonsOf(bouncer)).toEqual(["hard"]);
    expect(await reasonsOfAll(first.slice(2))).toEqual([""]);
    await settle(env);
    for (const recipient of first) await expectAgreement(recipient);
  });

  it("may be dropped once more, to release", async () => {
    const { first, id } = await burst(env);
    await decided(id, "drop");
    expect(await decided(id, "drop", { releaseSuppressed: true })).toMatchObject({ released: first.length });
    expect(await decided(id, "drop")).toMatchObject({ released: first.length });
    expect(await reasonsOfAll(first)).toEqual([""]);
    expect(await countOf("audit WHERE subject = ? AND action = 'drop_incident'", id)).toBe(2);
  });
});

describe("during an incident", () => {
  it("erasing a recipient takes what is held of it", async () => {
    const { then, id } = await burst(env);
    const [gone = "", other = ""] = then;
    expect((await api(`/v1/recipients/${gone}`, { method: "DELETE", env })).status).toBe(200);
    await decided(id, "confirm");
    expect(await eventsOf(gone)).toEqual([]);
    expect(await reasonsOf(gone)).toEqual([]);
    expect(await reasonsOf(other)).toEqual(["hard"]);
  });

  it("retention lets go none of what is held, nor of what was dropped", async () => {
    const { then, id } = await burst(env);
    pass(400 * DAY_MS);
    for (let i = 0; i < 3; i++) await runCron(env);
    expect(await eventsOf(then[0] ?? "")).toMatchObject([{ kind: "bounced", incident_id: id }]);
    await decided(id, "drop");
    pass(400 * DAY_MS);
    for (let i = 0; i < 3; i++) await runCron(env);
    expect(await countOf("events WHERE incident_id = ?", id)).toBe(then.length);
    expect(await countOf("cause_counts")).toBe(0);
  });
});

it("an incident that there is not is a 404", async () => {
  expect((await api("/v1/incidents/x")).status).toBe(404);
  expect((await api("/v1/incidents/x/recipients")).status).toBe(404);
  expect((await decide("x", "confirm")).status).toBe(404);
  expect((await decide("x", "drop", { release: true })).status).toBe(400);
});
