/** Tokens that are good once, for a provider whose signature does not cover the body (Mailgun). */
import { describe, expect, it } from "vitest";
import type { Env } from "../../src/config";
import { hexOf, utf8Bytes } from "../../src/crypto/encoding";
import { hmac } from "../../src/crypto/hmac";
import { eventsOf, expectAgreement } from "../support/ledger";
import { everyFault, newRound, type Round, untilAccepted } from "../support/rounds";
import { DAY_MS, pass, setStage, settle } from "../support/stage";
import { countOf } from "../support/stores";
import { api, jsonOf } from "../support/worker";

setStage();

const KEY = "signing-key";
const MORE = { WEBHOOK_MAILGUN: KEY, WEBHOOK_MAILGUN__EU: KEY };
const HOUR_MS = 3_600_000;

let tokens = 0;
const newToken = () => `token-${String(++tokens).padStart(44, "0")}`;

interface Call {
  readonly recipient: string;
  readonly event?: string;
  readonly id?: string;
  readonly path?: string;
}

/** What Mailgun posts, and repeats unchanged. */
async function callOf(token: string, { recipient, event = "complained", id = "e-1" }: Call): Promise<string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = hexOf(await hmac("SHA-256", utf8Bytes(KEY), utf8Bytes(timestamp + token)));
  return JSON.stringify({
    signature: { timestamp, token, signature },
    "event-data": { event, id, timestamp: Date.now() / 1000, recipient, severity: "permanent", reason: "bounce" },
  });
}

const post = (body: string, env: Env, path = "/webhooks/mailgun") => api(path, { body, env, headers: {} });
const usesOf = (token: string) => countOf("used_tokens WHERE token = ?1", token);
const receiptsOf = () => countOf("receipts");

function roundWith(token = newToken()): Round & { readonly token: string } {
  return { ...newRound(undefined, MORE), token };
}

describe("a token that is good once", () => {
  it("may come again with the same event, hours later: a duplicate", async () => {
    const { token, env, address } = roundWith();
    const body = await callOf(token, { recipient: address("ann") });
    expect(await jsonOf(await post(body, env))).toMatchObject({ received: 1, new: 1, duplicate: 0 });
    pass(8 * HOUR_MS);
    expect(await jsonOf(await post(body, env))).toMatchObject({ received: 1, new: 0, duplicate: 1 });
    expect(await eventsOf(address("ann"))).toHaveLength(1);
    expect(await usesOf(token)).toBe(1);
  });

  it("is used up by an event that nobody wants, too", async () => {
    const { token, env, address } = roundWith();
    const opened = await callOf(token, { recipient: address("ann"), event: "opened" });
    expect(await jsonOf(await post(opened, env))).toMatchObject({ received: 0, ignored: 1 });
    expect(await jsonOf(await post(opened, env))).toMatchObject({ received: 0, ignored: 1 });
    expect(await usesOf(token)).toBe(1);
    expect((await post(await callOf(token, { recipient: address("ann") }), env)).status).toBe(401);
    expect(await eventsOf(address("ann"))).toEqual([]);
  });

  it.each<[string, Partial<Call>]>([
    ["another recipient", { recipient: "mallory@example.net" }],
    ["another event", { event: "unsubscribed" }],
    ["another id", { id: "e-2" }],
  ])("is refused with %s, and nothing is stored", async (_what, change) => {
    const { token, env, address } = roundWith();
    const call = { recipient: address("ann") };
    await post(await callOf(token, call), env);
    const receipts = await receiptsOf();
    const response = await post(await callOf(token, { ...call, ...change }), env);
    expect(response.status).toBe(401);
    expect(await eventsOf(address("ann"))).toHaveLength(1);
    expect(await eventsOf("mallory@example.net")).toEqual([]);
    expect(await receiptsOf()).toBe(receipts);
    expect(await usesOf(token)).toBe(1);
  });

  it("is refused with an event after it came with something unreadable, and may bring that again", async () => {
    const { token, env, address } = roundWith();
    const unreadable = await callOf(token, { recipient: address("ann"), event: "teleported" });
    expect(await jsonOf(await post(unreadable, env))).toMatchObject({ received: 0, quarantined: 1 });
    expect((await post(await callOf(token, { recipient: address("ann") }), env)).status).toBe(401);
    expect(await jsonOf(await post(unreadable, env))).toMatchObject({ received: 0, quarantined: 1 });
    expect(await eventsOf(address("ann"))).toEqual([]);
  });

  it("is known to its own connection only", async () => {
    const { token, env, address } = roundWith();
    await post(await callOf(token, { recipient: address("ann") }), env);
    const response = await post(await callOf(token, { recipient: address("bob") }), env, "/webhooks/mailgun/eu");
    expect(await jsonOf(response)).toMatchObject({ received: 1, new: 1 });
    expect(await usesOf(token)).toBe(2);
  });

  it("is good for one of two events that come at the same time", async () => {
    const { token, env, address } = roundWith();
    const people = ["ann", "bob", "cid", "dan"].map(address);
    const bodies = await Promise.all(people.map((recipient) => callOf(token, { recipient })));
    const statuses = (await Promise.all(bodies.map((body) => post(body, env)))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    // Whoever came too late in the middle of it is asked to come again, and is refused then.
    for (const status of statuses) expect([200, 401, 503]).toContain(status);
    const again = (await Promise.all(bodies.map((body) => post(body, env)))).map(({ status }) => status);
    expect([...again].sort()).toEqual([200, 401, 401, 401]);
    expect((await Promise.all(people.map(eventsOf))).flat()).toHaveLength(1);
    expect(await usesOf(token)).toBe(1);
  });

  it("is taken in the batch that records its event, so that a retry after any failure is no replay", async () => {
    const calls = new Map<Round["domain"], { readonly token: string; readonly body: string }>();
    const steps = await everyFault({
      env: MORE,
      play: async ({ domain, address, env }) => {
        const token = newToken();
        const body = await callOf(token, { recipient: address("ann") });
        calls.set(domain, { token, body });
        await untilAccepted(() => post(body, env));
      },
      check: async ({ domain, address, env }) => {
        await settle();
        const { events } = await expectAgreement(address("ann"));
        expect(events).toHaveLength(1);
        const { token, body } = calls.get(domain) ?? { token: "", body: "" };
        expect(await usesOf(token)).toBe(1);
        expect(await jsonOf(await untilAccepted(() => post(body, env)))).toMatchObject({ new: 0, duplicate: 1 });
      },
    });
    expect(steps).toBeGreaterThanOrEqual(5);
  });

  it("is forgotten once no signature with it would be believed any more", async () => {
    const { token, env, address } = roundWith();
    const body = await callOf(token, { recipient: address("ann") });
    await post(body, env);
    pass(DAY_MS);
    await settle();
    expect(await usesOf(token)).toBe(1);
    expect((await post(body, env)).status).toBe(401);
    pass(3 * DAY_MS);
    await settle();
    expect(await usesOf(token)).toBe(0);
    expect((await post(body, env)).status).toBe(401);
    expect(await eventsOf(address("ann"))).toHaveLength(1);
  });
});
