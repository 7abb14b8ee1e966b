/**
 * A release settles the past for good: no event that occurred before it can suppress the recipient again, whenever it
 * arrives, however often, in whatever way the stores are rebuilt, pruned or fail meanwhile. A provider's refusal that
 * only echoes its own list never undoes a release. Of two commands the later wins, also within one millisecond.
 *
 * Not promised: that the provider sends again, because its own list is its own; anything about what occurs after the
 * release. An event that states no time is taken to have occurred when it first reached us.
 */
import { describe, expect, it, vi } from "vitest";
import { inboxroad } from "../../src/providers/inboxroad";
import { failStore, withFaults } from "../support/faults";
import { decisionOf, eventsOf, expectAgreement, policyOf, rowOf } from "../support/ledger";
import { block, bounced, delivered, type Report, rebuilt, release, report, softBounces } from "../support/reports";
import { everyFault } from "../support/rounds";
import { DAY_MS, MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { checkOf, reasonsOf } from "../support/stores";
import { api, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

let made = 0;
const someone = () => `released-${++made}@example.com`;
const BY_FORCE = "?force=true&note=asked%20by%20phone";
const SECOND_MS = 1_000;

async function released(recipient: string, query = BY_FORCE): Promise<void> {
  const response = await release(recipient, query);
  expect(response.status).toBe(200);
  expect(await jsonOf(response)).toMatchObject({ recipient, released: true, pending: 0 });
}

/** Nothing stands against a recipient, in any store. */
async function expectFree(recipient: string): Promise<void> {
  expect(await checkOf(recipient, "strong")).toMatchObject({ suppressed: false, source: "d1" });
  expect(await checkOf(recipient, "eventual")).toMatchObject({ suppressed: false, source: "kv" });
  expect((await rowOf(recipient))?.soft_count ?? 0).toBe(0);
}

/** By what suppresses: events that do so when they occur at that time. */
const SUPPRESSING: Readonly<Record<string, (recipient: string, at: number) => Report[]>> = {
  "a hard bounce": (recipient, at) => [bounced(recipient, "hard", at)],
  "five soft bounces": (recipient, at) => softBounces(recipient, 5, at - 5 * SECOND_MS),
  "five expiries": (recipient, at) => [1, 2, 3, 4, 5].map((i) => bounced(recipient, "expired", at - i)),
  "a complaint": (recipient, at) => [{ kind: "complained", recipient, at }],
  "an unsubscription": (recipient, at) => [{ kind: "unsubscribed", recipient, at }],
};
const causes = Object.entries(SUPPRESSING);

describe("nothing that occurred before a release suppresses again", () => {
  it.each(causes)("%s that arrives late", async (_what, eventsAt) => {
    const recipient = someone();
    const before = Date.now() - MINUTE_MS;
    await report(bounced(recipient, "hard", before - MINUTE_MS, "the reason to release it"));
    await released(recipient);
    pass(MINUTE_MS);
    for (const late of eventsAt(recipient, before)) await report(late);
    await expectFree(recipient);
    await report(eventsAt(recipient, Date.now()).map((event) => ({ ...event, messageId: `new-${event.messageId}` })));
    expect(await reasonsOf(recipient)).toHaveLength(1);
  });

  it.each(causes)("%s that is delivered once more, and after rebuild and retention", async (_what, eventsAt) => {
    const recipient = someone();
    const events = eventsAt(recipient, Date.now() - MINUTE_MS);
    await report(events);
    expect(await reasonsOf(recipient)).toHaveLength(1);
    await released(recipient);
    for (const repeat of [
      () => report(events),
      () => rebuilt(recipient),
      () => report([delivered(recipient, Date.now() - 2 * MINUTE_MS), ...events]),
      async () => pass(100 * DAY_MS),
      () => runCron(),
      () => report(events),
      () => rebuilt(recipient),
    ]) {
      await repeat();
      await expectFree(recipient);
    }
    await settle();
    await expectAgreement(recipient);
  });

  it.each(causes)("%s after a release of one against whom nothing stood", async (_what, eventsAt) => {
    const recipient = someone();
    await report(bounced(recipient, "block", Date.now() - 2 * MINUTE_MS));
    await released(recipient, "");
    pass(SECOND_MS);
    await report(eventsAt(recipient, Date.now() - MINUTE_MS));
    await expectFree(recipient);
  });

  it("at the very millisecond of the release; one later it does", async () => {
    const recipient = someone();
    await report(bounced(recipient, "hard", Date.now()));
    await released(recipient);
    const at = (await rowOf(recipient))?.released_at ?? 0;
    pass(MINUTE_MS);
    await report([bounced(recipient, "hard", at), { kind: "unsubscribed", recipient, at }]);
    await expectFree(recipient);
    await report(bounced(recipient, "hard", at + 1));
    expect(await reasonsOf(recipient)).toEqual(["hard"]);
  });

  it("by counting together with what came after it", async () => {
    const recipient = someone();
    await report(softBounces(recipient, 4, Date.now() - MINUTE_MS));
    await released(recipient);
    pass(MINUTE_MS);
    await report(softBounces(recipient, 4, Date.now() - 10 * SECOND_MS));
    expect((await rowOf(recipient))?.soft_count).toBe(4);
    expect(await reasonsOf(recipient)).toEqual([]);
    await report(bounced(recipient, "soft", Date.now(), "the fifth"));
    expect(await reasonsOf(recipient)).toEqual(["soft"]);
  });

  it("by a policy that is stricter now", async () => {
    const recipient = someone();
    await report([bounced(recipient, "block", Date.now() - 2), bounced(recipient, "undetermined", Date.now() - 1)]);
    await released(recipient);
    const strict = { effects: { block: "suppress", undetermined: "suppress" } };
    pass(SECOND_MS);
    await report(bounced(recipient, "soft", Date.now()), testEnv({ POLICY: strict }));
    expect((await decisionOf(recipient, policyOf(strict))).verdict.suppressions).toEqual([]);
    expect(await reasonsOf(recipient)).toEqual([]);
  });

  it("when it was unreadable first and states no time: then it occurred when it first reached us", async () => {
    const recipient = someone();
    const headers = { authorization: "Bearer inboxroad-secret" };
    const parse = vi.spyOn(inboxroad, "parse").mockImplementationOnce(() => {
      throw new Error("a fault of the adapter");
    });
    await api("/webhooks/inboxroad", { headers, json: [{ type: "f", rcpt: recipient }] });
    parse.mockRestore();
    pass(MINUTE_MS);
    await block(recipient);
    await released(recipient);
    pass(MINUTE_MS);
    const [{ id }] = (await jsonOf(await api("/v1/quarantine"))).items;
    const replayed = await jsonOf(await api(`/v1/quarantine/${id}/replay`, { method: "POST" }));
    expect(replayed).toMatchObject({ new: 1, pending: 0, settled: true });
    await expectFree(recipient);
  });
});

describe("a provider's echo of its own list", () => {
  const echo = (recipient: string, category: string, at: number): Report => {
    return { kind: "rejected", category, recipient, at, messageId: `echo-${category}-${at}` };
  };

  it.each(["bounced", "invalid", "complained", "unsubscribed"])("(%s) never undoes a release", async (category) => {
    const [recipient, never] = [someone(), someone()];
    await report([echo(recipient, category, Date.now()), echo(never, category, Date.now())]);
    expect(await reasonsOf(recipient)).toHaveLength(1);
    await released(recipient);
    pass(DAY_MS);
    await report(echo(recipient, category, Date.now()));
    await expectFree(recipient);
    await rebuilt(recipient);
    await expectFree(recipient);
    expect(await reasonsOf(never)).toHaveLength(1);
  });
});

describe("of two commands the later wins", () => {
  it.each(["block, release", "block, release, block", "block, release, block, release"])(
    "within one millisecond: %s",
    async (sequence) => {
      const commands = sequence.split(", ");
      const winner = commands.at(-1) === "block" ? ["manual"] : [];
      const [one, together] = [someone(), someone()];
      for (const command of commands) {
        expect((await (command === "block" ? block(one) : release(one))).status).toBe(200);
      }
      await report(commands.map((command, i) => ({ kind: `manual_${command}`, recipient: together, id: `${i}` })));
      for (const recipient of [one, together]) {
        expect(await reasonsOf(recipient)).toEqual(winner);
        await rebuilt(recipient);
        expect(await reasonsOf(recipient)).toEqual(winner);
        const times = (await eventsOf(recipient)).map((event) => event.occurred_at);
        expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
        expect(times).toHaveLength(commands.length);
      }
    },
  );

  it("also when the earlier ones of a request state later times", async () => {
    const recipient = someone();
    await block(recipient);
    const [release, again] = ["manual_release", "manual_block"];
    for (const [kinds, reasons] of [
      [[again, release], []],
      [[release, again], ["manual"]],
    ] as const) {
      const at = Date.now();
      await report(kinds.map((kind = "", i) => ({ kind, recipient, at: at - i * MINUTE_MS, id: `${kinds}-${i}` })));
      expect(await reasonsOf(recipient)).toEqual(reasons);
    }
  });

  it("also when the earlier one is still to be applied", async () => {
    const recipient = someone();
    await block(recipient);
    pass(SECOND_MS);
    const broken = testEnv(withFaults(failStore("object")).bindings);
    expect(await jsonOf(await release(recipient, "", broken))).toMatchObject({ released: true, pending: 1 });
    pass(SECOND_MS);
    expect((await block(recipient)).status).toBe(200);
    await settle();
    expect(await reasonsOf(recipient)).toEqual(["manual"]);
    expect((await eventsOf(recipient)).map(({ kind }) => kind)).toEqual([
      "manual_block",
      "manual_release",
      "manual_block",
    ]);
  });

  it("for a whole domain too", async () => {
    for (const command of [block, release, block]) expect((await command("@final.example.com")).status).toBe(200);
    expect(await reasonsOf("anyone@final.example.com")).toEqual(["domain"]);
    await release("@final.example.com");
    expect(await reasonsOf("anyone@final.example.com")).toEqual([]);
  });
});

describe("a complaint", () => {
  it.each(["", "?force=true", "?note=please", "?force=false&note=please"])(
    "is not released by DELETE%s, whether it is applied, waits, or is hidden by the allow-list",
    async (query) => {
      const [applied, waiting, hidden] = [someone(), someone(), someone()];
      await report([applied, hidden].map((recipient) => ({ kind: "complained", recipient })));
      await report({ kind: "manual_allow", recipient: hidden });
      await report({ kind: "complained", recipient: waiting }, testEnv(withFaults(failStore("object")).bindings));
      for (const recipient of [applied, waiting, hidden]) {
        const refused = await release(recipient, query);
        expect(refused.status).toBe(409);
        expect((await jsonOf(refused)).code).toBe("complaint_needs_force");
      }
      await report({ kind: "manual_disallow", recipient: hidden });
      await settle();
      for (const recipient of [applied, waiting, hidden]) expect(await reasonsOf(recipient)).toEqual(["complaint"]);
    },
  );

  it("is released with force and a note, which stays on record; a new one counts again", async () => {
    const recipient = someone();
    await report({ kind: "complained", recipient, at: Date.now() });
    await released(recipient);
    const command = (await eventsOf(recipient)).at(-1);
    expect(command).toMatchObject({ kind: "manual_release", metadata: '{"note":"asked by phone"}' });
    await released(recipient, "");
    pass(SECOND_MS);
    await report({ kind: "complained", recipient, at: Date.now() });
    expect(await reasonsOf(recipient)).toEqual(["complaint"]);
    expect((await release(recipient)).status).toBe(409);
  });
});

it("is 404 where nothing is known, and claims nothing", async () => {
  const recipient = someone();
  expect((await release(recipient)).status).toBe(404);
  expect(await eventsOf(recipient)).toEqual([]);
});

it("survives a failure of any step of the release", async () => {
  const steps = await everyFault({
    prepare: ({ address }) => report(bounced(address("ann"), "hard", Date.now() - MINUTE_MS)).then(() => {}),
    play: async ({ address, env }) => {
      const first = await release(address("ann"), "", env);
      expect([200, 503]).toContain(first.status);
      if (first.status === 503) expect((await release(address("ann"), "", env)).status).toBe(200);
    },
    check: async ({ address }) => {
      await settle();
      await expectFree(address("ann"));
      await report([bounced(address("ann"), "hard", Date.now() - 10 * MINUTE_MS, "late")]);
      await rebuilt(address("ann"));
      await expectFree(address("ann"));
      await expectAgreement(address("ann"));
    },
  });
  expect(steps).toBeGreaterThan(4);
});
