/** A soft suppression on probation, from the bounce that suppresses to the message that decides. */
import {
  createExecutionContext,
  evictDurableObject,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { mayListAddress, parseFilter } from "../../src/domain/fuse-filter";
import { sha256Prefix } from "../../src/domain/sha256";
import { Suppressions } from "../../src/index";
import { planOf } from "../../src/pipeline/sync-push";
import { readLog } from "../../src/pipeline/told-messages";
import { edgeKey } from "../../src/store/edge-cache";
import { allow, erase } from "../support/batches";
import { objectStorageOf } from "../support/erasure";
import { withFaults } from "../support/faults";
import { EVERY_MS, getFilter, tend } from "../support/filters";
import { edgeOf, expectAgreement, policyOf, rowOf } from "../support/ledger";
import { block, bounced, delivered, iso, rebuild, release, report, softBounces } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { countOf, objectOf, reasonsOf, rowsOf } from "../support/stores";
import { api, bindings, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

const POLICY = { probation: { enabled: true, steps_days: [1, 3, 7, 30], wait_hours: 24 } };
const withProbation = (more: object = {}) => testEnv({ POLICY, ...more });

let made = 0;
const someone = () => `probation-${++made}@example.com`;

interface Checked {
  readonly suppressed: boolean;
  readonly reasons: readonly string[];
  readonly until: string | null;
  readonly source: string;
  readonly probe?: true;
}

/** As somebody who is about to send asks. */
async function check(recipient: string, query = "", env = withProbation()): Promise<Checked> {
  const response = await api(`/v1/check?recipient=${encodeURIComponent(recipient)}${query}`, { env });
  expect(response.status).toBe(200);
  return jsonOf(response);
}

const SUPPRESSED = { suppressed: true, reasons: ["soft"] };
const PROBE = { suppressed: false, reasons: [], since: null, until: null, probe: true };

async function expectWaiting(recipient: string, query = "", env = withProbation()): Promise<Checked> {
  const answer = await check(recipient, query, env);
  expect(answer).toMatchObject(SUPPRESSED);
  expect(answer).not.toHaveProperty("probe");
  return answer;
}

/** Suppressed just now; its probe may be made in a day. @returns epoch ms of that */
async function suppress(recipient: string): Promise<number> {
  const bounces = softBounces(recipient, 5, Date.now() - 4_000);
  await report(bounces, withProbation());
  return Date.now() + DAY_MS;
}

/** Suppressed, and from now on a probe may be made. */
async function onProbation(recipient = someone()): Promise<string> {
  await suppress(recipient);
  pass(DAY_MS);
  return recipient;
}

const viewOf = async (recipient: string) => jsonOf(await api(`/v1/recipients/${recipient}`));
const bulkOf = async (recipient: string) =>
  (await jsonOf(await api("/v1/check", { json: { recipients: [recipient] }, env: withProbation() }))).suppressed;
const outcome = (kind: "delivered" | "soft" | "hard" | "block", recipient: string) =>
  report(
    kind === "delivered" ? delivered(recipient, Date.now()) : bounced(recipient, kind, Date.now()),
    withProbation(),
  );

async function edgeText(recipient: string): Promise<string> {
  return (await bindings.SUPPRESSIONS.get(edgeKey(await sha256Hex(recipient)))) ?? "";
}

/** The edge cache as another place still has it for up to a minute. */
async function staleEdge(recipient: string, text: string): Promise<void> {
  await bindings.SUPPRESSIONS.put(edgeKey(await sha256Hex(recipient)), text);
}

describe("before the end of its step", () => {
  it("is suppressed until then, in every answer, and nothing else takes that for its end", async () => {
    const recipient = someone();
    const end = await suppress(recipient);
    pass(DAY_MS - 1);
    for (const query of ["", "&consistency=strong", "&purpose=transactional"]) {
      expect(await expectWaiting(recipient, query)).toMatchObject({ until: iso(end) });
    }
    expect(await bulkOf(recipient)).toMatchObject([{ recipient, reasons: ["soft"], until: iso(end) }]);
    const probation = { step: 1, of: 4, probeFrom: iso(end), probedAt: null };
    expect(await viewOf(recipient)).toMatchObject({ suppressed: true, until: iso(end), probation });
    expect(await jsonOf(await api(`/v1/suppressions/${recipient}`))).toMatchObject({ until: iso(end), probation });
    const { items } = await jsonOf(await api(`/v1/suppressions?q=${recipient}`));
    expect(items).toMatchObject([{ recipient, until: iso(end), probation }]);

    expect(await rowOf(recipient)).toMatchObject({ suppressed: 1, until: null });
    const { keys } = await bindings.SUPPRESSIONS.list({ prefix: edgeKey(await sha256Hex(recipient)) });
    expect(keys).toMatchObject([{ name: expect.any(String) }]);
    expect(keys[0]?.expiration).toBeUndefined();
    const alarm = await runInDurableObject(await objectOf(recipient), (_, state) => state.storage.getAlarm());
    expect(alarm).toBeNull();
  });

  it("costs a check one look at the edge cache, and no question to the object", async () => {
    const recipient = someone();
    await suppress(recipient);
    const { steps, bindings: watched } = withFaults(() => null);
    await expectWaiting(recipient, "", withProbation(watched));
    expect(steps).toMatchObject([{ store: "kv", operation: "get" }]);
  });
});

describe("after the end of its step", () => {
  it("is still suppressed wherever nobody can be given a probe, without an end", async () => {
    const recipient = await onProbation();
    const listed = { reasons: ["soft"], until: null };
    expect(await bulkOf(recipient)).toMatchObject([{ recipient, ...listed }]);
    expect(await jsonOf(await api(`/v1/suppressions/${recipient}`))).toMatchObject(listed);
    expect(await viewOf(recipient)).toMatchObject({ suppressed: true, ...listed });
    expect((await jsonOf(await api(`/v1/suppressions?q=${recipient}`))).items).toMatchObject([listed]);
    expect(await countOf("recipients WHERE suppressed = 1 AND address = ?", recipient)).toBe(1);

    const scrubbed = await api("/v1/scrub?keep=all", {
      body: `email\n${recipient}\n`,
      headers: { authorization: "Bearer check-token", "content-type": "text/csv" },
      env: withProbation(),
    });
    expect(await scrubbed.text()).toContain(`${recipient},suppressed,soft`);
    for (const query of ["", "&consistency=strong"])
      expect(await check(recipient, query, testEnv())).toMatchObject(listed);
  });

  it("has no end in what others keep: the feed and the export", async () => {
    const recipient = someone();
    await suppress(recipient);
    const { items } = await jsonOf(await api("/v1/suppressions/changes?limit=1000"));
    const change = items.findLast((item: { recipient: string }) => item.recipient === recipient);
    expect(change).toMatchObject({ suppressed: true, reasons: ["soft"], until: null });
    expect(change).not.toHaveProperty("probeFrom");
    const exported = await (await api(`/v1/suppressions/export?format=ndjson&q=${recipient}`)).text();
    expect(JSON.parse(exported)).toMatchObject({ recipient, until: null });
    expect(JSON.parse(exported)).not.toHaveProperty("probation");
    const [head] = (await (await api("/v1/suppressions/export?format=csv")).text()).split("\r\n");
    expect(head).not.toContain("probation");
  });

  it("gives the first check the probe, and all others wait for its outcome", async () => {
    const recipient = await onProbation();
    const version = (await rowOf(recipient))?.version ?? 0;
    const end = iso(Date.now() + DAY_MS);
    expect(await check(recipient)).toEqual({ recipient, ...PROBE, source: "kv" });
    for (const query of ["", "&consistency=strong", "&purpose=transactional"]) {
      expect(await expectWaiting(recipient, query)).toMatchObject({ until: end });
    }
    expect(await bulkOf(recipient)).toMatchObject([{ recipient, until: end }]);
    expect(await viewOf(recipient)).toMatchObject({
      suppressed: true,
      until: end,
      probation: { step: 1, of: 4, probeFrom: end, probedAt: iso(Date.now()) },
    });
    expect((await rowOf(recipient))?.version).toBeGreaterThan(version);
    expect(await edgeOf(recipient)).toMatchObject({ reasons: { soft: { until: null, probeFrom: Date.parse(end) } } });
    const { steps, bindings: watched } = withFaults(() => null);
    await expectWaiting(recipient, "", withProbation(watched));
    expect(steps).toMatchObject([{ store: "kv", operation: "get" }]);
  });

  it("gives it to a strong check too, and over the service binding", async () => {
    const [strong, bound] = [await onProbation(), await onProbation()];
    expect(await check(strong, "&consistency=strong")).toEqual({ recipient: strong, ...PROBE, source: "d1" });
    const ask = async () => {
      const ctx = createExecutionContext();
      const answer = await new Suppressions(ctx, withProbation()).check(bound);
      await waitOnExecutionContext(ctx);
      return answer;
    };
    expect(await ask()).toEqual({ recipient: bound, ...PROBE, source: "kv" });
    expect(await ask()).toMatchObject(SUPPRESSED);
  });

  it("gives it to nobody who only looks", async () => {
    const recipient = await onProbation();
    await viewOf(recipient);
    await api(`/v1/suppressions/${recipient}`, { env: withProbation() });
    await api(`/v1/recipients/${recipient}`, { env: withProbation() });
    await bulkOf(recipient);
    await runCron(withProbation());
    expect(await check(recipient)).toMatchObject({ probe: true });
  });

  it.each(["", "&consistency=strong"])("gives one probe, however many ask at once (%s)", async (query) => {
    const recipient = await onProbation();
    const stale = await edgeText(recipient);
    const ask = () => Promise.all(Array.from({ length: 50 }, () => check(recipient, query)));
    const answers = await ask();
    expect(answers.filter((answer) => answer.probe)).toHaveLength(1);
    expect(answers.filter((answer) => answer.suppressed)).toHaveLength(49);
    await staleEdge(recipient, stale);
    expect((await ask()).filter((answer) => answer.probe)).toEqual([]);
  });

  it("is asked about in vain where a place has not heard of its outcome yet", async () => {
    const recipient = await onProbation();
    const stale = await edgeText(recipient);
    await check(recipient);
    await outcome("delivered", recipient);
    await staleEdge(recipient, stale);
    await expectWaiting(recipient);
    expect(await check(recipient, "&consistency=strong")).toMatchObject({ suppressed: false });
    await settle(withProbation());
    expect(await check(recipient)).toMatchObject({ suppressed: false, source: "kv" });
  });

  it("needs nothing else to stand against it", async () => {
    const [angry, guest, blocked] = [await onProbation(), await onProbation(), await onProbation()];
    await report({ kind: "complained", recipient: angry, at: Date.now() }, withProbation());
    expect(await check(angry)).toMatchObject({ suppressed: true, reasons: ["soft", "complaint"], until: null });
    expect(await check(angry, "&purpose=transactional")).toMatchObject({ probe: true });
    await allow(guest, withProbation());
    expect(await check(guest)).not.toHaveProperty("probe");
    await block(blocked, {}, withProbation());
    expect(await check(blocked)).toMatchObject({ reasons: ["soft", "manual"] });
    const domain = `at-${++made}.example.com`;
    const ofDomain = await onProbation(`ann@${domain}`);
    await block(`@${domain}`, {}, withProbation());
    expect(await check(ofDomain)).toMatchObject({ suppressed: true, reasons: ["soft", "domain"] });
  });
});

describe("the outcome", () => {
  it("delivered: it is off the list, everywhere, and counting starts anew", async () => {
    const recipient = await onProbation();
    await check(recipient);
    pass(MINUTE_MS);
    await outcome("delivered", recipient);
    for (const query of ["", "&consistency=strong"]) {
      const answer = await check(recipient, query);
      expect(answer).toMatchObject({ suppressed: false });
      expect(answer).not.toHaveProperty("probe");
    }
    expect(await bulkOf(recipient)).toEqual([]);
    expect(await edgeOf(recipient)).toBeNull();
    expect((await api(`/v1/suppressions/${recipient}`)).status).toBe(404);
    expect(await viewOf(recipient)).toMatchObject({ suppressed: false, softBounces: { count: 0 } });
    await settle(withProbation());
    const { verdict } = await expectAgreement(recipient, policyOf(POLICY));
    expect(verdict.suppressions).toEqual([]);
    expect(await objectStorageOf(recipient)).not.toContain("probedAt");
  });

  it("bounced: it is suppressed for longer each time, and after the last step for good", async () => {
    const recipient = await onProbation();
    for (const [i, days] of [3, 7, 30].entries()) {
      expect(await check(recipient)).toMatchObject({ probe: true });
      pass(MINUTE_MS);
      await outcome("soft", recipient);
      const end = Date.now() + days * DAY_MS;
      expect(await expectWaiting(recipient)).toMatchObject({ until: iso(end) });
      expect(await viewOf(recipient)).toMatchObject({ probation: { step: i + 2, of: 4, probedAt: null } });
      pass(days * DAY_MS - 1);
      await expectWaiting(recipient);
      pass(1);
    }
    expect(await check(recipient)).toMatchObject({ probe: true });
    pass(MINUTE_MS);
    await outcome("soft", recipient);
    expect(await viewOf(recipient)).not.toHaveProperty("probation");
    pass(100 * DAY_MS);
    for (const query of ["", "&consistency=strong"]) {
      expect(await expectWaiting(recipient, query)).toMatchObject({ until: null });
    }
    await settle(withProbation());
    await expectAgreement(recipient, policyOf(POLICY));
  });

  it("a hard bounce: it is suppressed at once and for good, also when something is delivered later", async () => {
    const recipient = await onProbation();
    await check(recipient);
    pass(MINUTE_MS);
    await outcome("hard", recipient);
    expect(await check(recipient)).toMatchObject({ suppressed: true, reasons: ["hard", "soft"], until: null });
    pass(2 * DAY_MS);
    expect(await check(recipient)).toMatchObject({ reasons: ["hard", "soft"] });
    await outcome("delivered", recipient);
    expect(await check(recipient)).toMatchObject({ reasons: ["hard"] });
  });

  it.each(["block", "none at all"] as const)(
    "%s: nothing is known of the mailbox, and a day later another is made",
    async (what) => {
      const recipient = await onProbation();
      expect(await check(recipient)).toMatchObject({ probe: true });
      pass(MINUTE_MS);
      if (what === "block") await outcome(what, recipient);
      pass(DAY_MS - MINUTE_MS - 1);
      await expectWaiting(recipient);
      pass(1);
      expect(await check(recipient)).toMatchObject({ probe: true });
      expect(await expectWaiting(recipient)).toMatchObject({ until: iso(Date.now() + DAY_MS) });
      expect(await viewOf(recipient)).toMatchObject({ probation: { step: 1, probedAt: iso(Date.now()) } });
    },
  );

  it("a release meanwhile: it may be mailed, and nothing that comes of the probe counts as one", async () => {
    const recipient = await onProbation();
    await check(recipient);
    await release(recipient, "", withProbation());
    expect(await check(recipient)).toMatchObject({ suppressed: false });
    pass(MINUTE_MS);
    await outcome("soft", recipient);
    expect(await viewOf(recipient)).toMatchObject({ suppressed: false, softBounces: { count: 1 } });
  });
});

describe("a probe when something fails", () => {
  it("is not made where the object does not answer: suppressed, and no error", async () => {
    const recipient = await onProbation();
    const faults = withFaults(({ store }) => (store === "object" ? "before" : null));
    await expectWaiting(recipient, "", withProbation(faults.bindings));
    await expectWaiting(recipient, "&consistency=strong", withProbation(faults.bindings));
    expect(faults.struck()).toBe(2);
    expect(await check(recipient)).toMatchObject({ probe: true });
  });

  it("is lost with an answer that is lost, and the stores hear of it with the next check", async () => {
    const recipient = await onProbation();
    const faults = withFaults(({ operation }) => (operation === "takeProbe" ? "after" : null));
    await expectWaiting(recipient, "", withProbation(faults.bindings));
    expect(await viewOf(recipient)).toMatchObject({ probation: { probedAt: null } });
    await expectWaiting(recipient);
    expect(await viewOf(recipient)).toMatchObject({ probation: { probedAt: iso(Date.now()) } });
    pass(DAY_MS);
    expect(await check(recipient)).toMatchObject({ probe: true });
  });

  it("is made once where the projection of it fails, and the stores hear of it with the next check", async () => {
    const recipient = await onProbation();
    const faults = withFaults(({ operation }) => (operation === "batch" ? "before" : null));
    expect(await check(recipient, "", withProbation(faults.bindings))).toMatchObject({ probe: true });
    expect(faults.struck()).toBe(1);
    expect(await viewOf(recipient)).toMatchObject({ probation: { probedAt: null } });
    await expectWaiting(recipient);
    expect(await viewOf(recipient)).toMatchObject({ probation: { probedAt: iso(Date.now()) } });
  });

  it("keeps a sender waiting no longer than it must, and what the object said late is told all the same", async () => {
    const recipient = await onProbation();
    const slow = withFaults(({ operation }) =>
      operation === "takeProbe" ? { holdBefore: () => scheduler.wait(2_500) } : null,
    );
    const begun = performance.now();
    const ctx = createExecutionContext();
    const answer = await new Suppressions(ctx, withProbation(slow.bindings)).check(recipient);
    expect(answer).toMatchObject(SUPPRESSED);
    expect(performance.now() - begun).toBeLessThan(2_400);
    await waitOnExecutionContext(ctx);
    expect(await viewOf(recipient)).toMatchObject({ probation: { probedAt: iso(Date.now()) } });
  });

  it("needs a policy that is valid", async () => {
    const recipient = await onProbation();
    await expectWaiting(recipient, "", testEnv({ POLICY: { probation: { enabled: "yes" } } }));
    expect(await check(recipient)).toMatchObject({ probe: true });
  });

  it("is remembered by an object that was evicted or rebuilt, and forgotten with its storage", async () => {
    const recipient = await onProbation();
    const stale = await edgeText(recipient);
    await check(recipient);
    await evictDurableObject(await objectOf(recipient));
    await staleEdge(recipient, stale);
    await expectWaiting(recipient);
    expect((await rebuild(recipient, withProbation())).status).toBe(200);
    await expectWaiting(recipient);
    expect(await viewOf(recipient)).toMatchObject({ probation: { step: 1, probedAt: expect.any(String) } });

    await runInDurableObject(await objectOf(recipient), async (instance, state) => {
      await state.storage.deleteAll();
      Reflect.set(instance, "cached", undefined);
    });
    await staleEdge(recipient, stale);
    await expectWaiting(recipient);
    expect((await rebuild(recipient, withProbation())).status).toBe(200);
    expect(await check(recipient)).toMatchObject({ probe: true });
  });

  it("leaves nothing behind when somebody is erased", async () => {
    const [gone, kept] = [await onProbation(), await onProbation()];
    for (const recipient of [gone, kept]) await check(recipient);
    await erase(gone, "", withProbation());
    await erase(kept, "?keepSuppressed=true", withProbation());
    expect(await check(gone)).toMatchObject({ suppressed: false });
    expect(await check(gone)).not.toHaveProperty("probe");
    expect(await check(kept)).toMatchObject({ suppressed: true, reasons: ["manual"] });
    pass(2 * DAY_MS);
    await settle(withProbation());
    expect(await objectStorageOf(gone)).toBe("[]");
    expect(await check(kept)).toMatchObject({ suppressed: true, reasons: ["manual"] });
  });
});

describe("switching it", () => {
  afterEach(() => settle());

  it("on puts on probation whoever is decided about anew", async () => {
    const recipient = someone();
    await report(softBounces(recipient, 5, Date.now() - 4_000), testEnv());
    pass(40 * DAY_MS);
    await expectWaiting(recipient);
    expect((await rebuild(recipient, withProbation())).status).toBe(200);
    expect(await check(recipient)).toMatchObject({ probe: true });
  });

  it("off gives out no probe any more, at once, and asks no object", async () => {
    const recipient = await onProbation();
    const { steps, bindings: watched } = withFaults(() => null);
    await expectWaiting(recipient, "", testEnv(watched));
    expect(steps.map(({ store }) => store)).not.toContain("object");
    expect((await rebuild(recipient, testEnv())).status).toBe(200);
    expect(await viewOf(recipient)).not.toHaveProperty("probation");
    expect(await reasonsOf(recipient)).toEqual(["soft"]);
    await expectWaiting(recipient);
  });

  it("shows the object a policy before the stores know of it", async () => {
    const recipient = await onProbation();
    const longer = testEnv({ POLICY: { probation: { enabled: true, steps_days: [2] } } });
    await expectWaiting(recipient, "", longer);
    expect(await viewOf(recipient)).toMatchObject({ probation: { step: 1, of: 1 } });
    pass(DAY_MS);
    expect(await check(recipient, "", longer)).toMatchObject({ probe: true });
  });
});

describe("others", () => {
  it("are told of the suppression and of its end, and of no probe or step", async () => {
    const recipient = someone();
    const [last] = await rowsOf<{ seq: number }>("SELECT max(seq) AS seq FROM suppression_changes");
    await suppress(recipient);
    pass(DAY_MS);
    await check(recipient);
    pass(MINUTE_MS);
    await outcome("soft", recipient);
    pass(3 * DAY_MS);
    await check(recipient);
    pass(MINUTE_MS);
    await outcome("delivered", recipient);
    const told = await readLog(bindings.DB, "change", last?.seq ?? 0, { stretch: 1_000, messages: 100 });
    expect(told.messages.map(({ type, data }) => [type, data.until])).toEqual([
      ["suppression.created", null],
      ["suppression.released", null],
    ]);
    const { items } = await jsonOf(await api("/v1/suppressions/changes?limit=1000"));
    const mine = items.filter((item: { recipient: string }) => item.recipient === recipient);
    expect(mine.map((item: { suppressed: boolean; until: null }) => [item.suppressed, item.until])).toEqual([
      [true, null],
      [true, null],
      [true, null],
      [true, null],
      [false, null],
    ]);
  });

  it("do not get it on their own list, which would refuse the message that is to decide", () => {
    const forGood = '{"reasons":{"soft":{"since":5,"until":null}}}';
    const probation = '{"reasons":{"soft":{"since":5,"until":null,"probeFrom":9}}}';
    const dead = '{"reasons":{"hard":{"since":7,"until":null},"soft":{"since":5,"until":null,"probeFrom":9}}}';
    const planned = (answer: string | null, previous: (string | null)[]) => {
      const row = {
        seq: 1,
        key: "k",
        address: "ann@example.com",
        answer,
        previous: JSON.stringify(previous),
        pulled: null,
      };
      const plan = planOf(row, ["hard", "soft"], 100);
      return typeof plan === "string" ? plan : plan.reasons;
    };
    expect(planned(probation, [null])).toBe("never_sent");
    expect(planned(probation, [probation, probation])).toBe("never_sent");
    expect(planned(null, [probation])).toBe("never_sent");
    expect(planned(probation, [forGood])).toEqual([]);
    expect(planned(forGood, [probation])).toEqual(["soft"]);
    expect(planned(dead, [probation])).toEqual(["hard"]);
  });

  it("find it in the downloaded filter for as long as it is suppressed", async () => {
    const recipient = await onProbation();
    await check(recipient);
    pass(EVERY_MS);
    await tend();
    const parsed = parseFilter(new Uint8Array(await (await getFilter()).arrayBuffer()));
    expect(parsed.ok && mayListAddress(parsed.value, sha256Prefix(recipient))).toBe(true);
  });
});
