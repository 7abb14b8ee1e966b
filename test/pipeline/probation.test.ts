/** A soft suppression on probation: until when it stands, who is given the probe, and what others hear of it. */
import { createExecutionContext, runInDurableObject, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { mayListAddress, parseFilter } from "../../src/domain/fuse-filter";
import { sha256Prefix } from "../../src/domain/sha256";
import { Suppressions } from "../../src/index";
import { planOf } from "../../src/pipeline/sync-push";
import { readLog } from "../../src/pipeline/told-messages";
import { edgeKey } from "../../src/store/edge-cache";
import { allow } from "../support/batches";
import { withFaults } from "../support/faults";
import { EVERY_MS, getFilter, tend } from "../support/filters";
import { edgeOf, rowOf } from "../support/ledger";
import {
  bulkOf,
  check,
  edgeText,
  expectWaiting,
  onProbation,
  outcome,
  PROBE,
  SUPPRESSED,
  someone,
  staleEdge,
  suppress,
  viewOf,
  withProbation,
} from "../support/probation";
import { block, iso, report } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { countOf, objectOf, rowsOf } from "../support/stores";
import { api, bindings, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

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
    const change = items.findLast((item) => item.recipient === recipient);
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
    const domain = "at-the-domain.example.com";
    const ofDomain = await onProbation(`ann@${domain}`);
    await block(`@${domain}`, {}, withProbation());
    expect(await check(ofDomain)).toMatchObject({ suppressed: true, reasons: ["soft", "domain"] });
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
    const mine = items.filter((item) => item.recipient === recipient);
    expect(mine.map((item) => [item.suppressed, item.until])).toEqual([
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
