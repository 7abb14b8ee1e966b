import { beforeEach, describe, expect, it } from "vitest";
import { classify } from "../../src/domain/classify";
import type { BounceClass } from "../../src/domain/event";
import { markVerified, type WebhookRequest } from "../../src/providers/adapter";
import { elasticemail } from "../../src/providers/elasticemail";
import { rowsOf } from "../support/stores";
import { api, freshStores, jsonOf, testEnv } from "../support/worker";
import { describeAdapter } from "./contract";
import { NOW } from "./contract/setup";
import { draftsOf, expectOutcome, fixturesOf } from "./fixtures";
import { sharedSecret } from "./senders";

const PATH = "/webhooks/elasticemail";
const FORM = "application/x-www-form-urlencoded";

describeAdapter({ adapter: elasticemail, textType: FORM, ...sharedSecret(PATH) });

/** As the classic webhook calls: everything is in the query. */
function get(query: string): WebhookRequest {
  const url = new URL(`https://hooks.example.com${PATH}?${query}`);
  return { method: "GET", url, headers: new Headers(), body: new Uint8Array() };
}
const read = (query: string) => elasticemail.parse(markVerified(get(query)), { receivedAt: NOW });

describe("the classic webhook", async () => {
  const forms = (await fixturesOf("elasticemail", FORM)).filter(({ contentType }) => contentType === FORM);

  it.each(forms)("reads $name in a query as in a form", ({ body, expected }) => {
    expectOutcome(read(`token=s&${new TextDecoder().decode(body)}`), expected);
  });

  it("is tested with a call that has no event, which is of no interest", () => {
    for (const query of ["", "token=s", "token=s&account=x"]) {
      expect(read(query)).toEqual({ type: "items", items: [{ type: "ignored" }] });
    }
  });
});

it.each<[string, BounceClass]>([
  ["NoMailbox", "hard"],
  ["GreyListed", "soft"],
  ["Throttled", "soft"],
  ["Timeout", "soft"],
  ["ConnectionProblem", "soft"],
  ["ConnectionTerminated", "soft"],
  ["DNSProblem", "soft"],
  ["AccountProblem", "soft"],
  ["Spam", "block"],
  ["BlackListed", "block"],
  ["ContentFilter", "block"],
  ["SPFProblem", "block"],
  ["WhitelistingProblem", "block"],
  ["CodeError", "undetermined"],
  ["NotDelivered", "undetermined"],
  ["Unknown", "undetermined"],
  ["Ignore", "undetermined"],
])("makes of the category %s the class %s", (category, expected) => {
  const [draft] = draftsOf(read(`status=Error&to=john%40example.com&category=${category}`));
  expect(draft && classify(draft)).toMatchObject({ class: expected, rule: `elasticemail:${category}` });
  expect(draft?.hint).toBe(category);
});

it.each<[string, string | null]>([
  ["1/5/2026 12:00:00 AM", "2026-01-05T00:00:00.000Z"],
  ["1/5/2026 12:00:00 PM", "2026-01-05T12:00:00.000Z"],
  ["12/31/2025 11:59:59 pm", "2025-12-31T23:59:59.000Z"],
  ["1/5/2026 13:00:00", "2026-01-05T13:00:00.000Z"],
  ["2026-01-05T13:00:00.123Z", "2026-01-05T13:00:00.123Z"],
  ["2026-01-05 13:00:00", "2026-01-05T13:00:00.000Z"],
  ["13/1/2026 1:00:00 AM", null],
  ["1/5/2026 13:00:00 PM", null],
  ["1/5/2026 0:00:00 AM", null],
  ["1/5/2026", null],
])("reads the date %s as %s", (date, expected) => {
  const [draft] = draftsOf(read(`status=Sent&to=john%40example.com&date=${encodeURIComponent(date)}`));
  expect(draft?.occurredAt ?? null).toBe(expected === null ? null : Date.parse(expected));
});

describe("through the worker", () => {
  beforeEach(freshStores);
  const call = (query: string) =>
    api(`${PATH}?${query}`, { env: testEnv({ WEBHOOK_ELASTICEMAIL: "s3cret" }), headers: {} });
  const EVENT =
    "status=Error&category=NoMailbox&to=nobody%40example.net&messageid=m-1&date=11%2F21%2F2025+10%3A00%3A05+AM";

  it("a GET is recorded, once, and its secret is not kept", async () => {
    expect((await call(EVENT)).status).toBe(401);
    expect(await jsonOf(await call(`token=s3cret&${EVENT}`))).toMatchObject({ received: 1, new: 1 });
    expect(await jsonOf(await call(`token=s3cret&${EVENT}`))).toMatchObject({ received: 1, new: 0, duplicate: 1 });
    const receipts = await rowsOf<{ method: string; query: string }>("SELECT method, query FROM receipts");
    expect(receipts).toHaveLength(1);
    expect(receipts[0]?.method).toBe("GET");
    expect(receipts[0]?.query).toContain("NoMailbox");
    expect(receipts[0]?.query).not.toContain("s3cret");
  });

  it("a GET that nobody can read is kept, and can be read again", async () => {
    expect(await jsonOf(await call("token=s3cret&status=Suspended&to=john%40example.com"))).toMatchObject({
      quarantined: 1,
    });
    const { items } = await jsonOf(await api("/v1/quarantine"));
    expect(items).toMatchObject([{ provider: "elasticemail", reason: "unknown_kind" }]);
    const replayed = await api(`/v1/quarantine/${items[0].id}/replay`, { method: "POST" });
    expect(replayed.status).toBe(200);
    expect(await jsonOf(replayed)).toMatchObject({ settled: false });
  });

  it("a call without an event is the test of the URL", async () => {
    const response = await call("token=s3cret");
    expect(response.status).toBe(200);
    expect(await jsonOf(response)).toMatchObject({ received: 0, ignored: 1, quarantined: 0 });
  });
});
