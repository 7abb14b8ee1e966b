/** What the client makes of answers that are none, of mistakes, and what its errors say. */
import { describe, expect, it, vi } from "vitest";
import { createClient } from "../../src/client/client";
import type { BouncekeeperError } from "../../src/client/error";
import type { ClientOptions } from "../../src/client/options";
import {
  type Answer,
  good,
  json,
  NOT_SUPPRESSED,
  never,
  ORIGIN,
  outcomeOf,
  played,
  problem,
  RECIPIENT,
  scripted,
  setClock,
  TOKEN,
  unreachable,
} from "./scripted";

setClock();

describe("an answer that is none", () => {
  const bulk = { checked: 2, suppressed: [], invalid: [] };
  const entry = { recipient: RECIPIENT, reasons: ["hard"], since: null, until: null };

  it.each<[string, () => Response]>([
    [
      "a web page",
      () => new Response("<!doctype html><title>Hello</title>", { headers: { "content-type": "text/html" } }),
    ],
    ["cut off", () => new Response('{"recipient":"john@example.com","suppr')],
    ["empty", () => new Response("")],
    ["no content", () => new Response(null, { status: 204 })],
    ["null", () => json(null)],
    ["a list", () => json([])],
    ["without the verdict", () => json({ ...NOT_SUPPRESSED, suppressed: undefined })],
    ["with another verdict than its reasons", () => json({ ...NOT_SUPPRESSED, reasons: ["hard"] })],
    ["with a verdict that is no yes or no", () => json({ ...NOT_SUPPRESSED, suppressed: 0 })],
    ["about somebody else", () => json({ ...NOT_SUPPRESSED, recipient: "jane@example.com" })],
    ["from nowhere", () => json({ ...NOT_SUPPRESSED, source: undefined })],
    ["an error in the words of a success", () => json({ code: "unavailable", title: "x" })],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://login.example.com/" } })],
  ])("is an error whatever onError says: %s", async (_what, answer) => {
    for (const onError of ["throw", "block", "allow"] as const) {
      const { client, asked } = scripted([answer], { onError });
      const ended = await played(client.check(RECIPIENT));
      expect(ended).toMatchObject({ error: { name: "BouncekeeperError", code: "bad_answer", isUnavailable: false } });
      expect(asked).toHaveLength(1);
    }
  });

  it("to a strong check does not come from the edge", async () => {
    const { client } = scripted([good], { onError: "allow", consistency: "strong" });
    expect(await played(client.check(RECIPIENT))).toMatchObject({ error: { code: "bad_answer" } });
  });

  it.each<[string, unknown]>([
    ["to fewer than were asked", { ...bulk, checked: 1 }],
    ["without the suppressed", { checked: 2, invalid: [] }],
    ["with something else for the suppressed", { ...bulk, suppressed: {} }],
    ["with an entry that names nobody", { ...bulk, suppressed: [{ ...entry, recipient: undefined }] }],
    ["with an entry without a reason", { ...bulk, suppressed: [{ ...entry, reasons: [] }] }],
    ["with an entry about somebody else", { ...bulk, suppressed: [{ ...entry, recipient: "x@example.com" }] }],
    ["with the same entry twice", { ...bulk, suppressed: [entry, entry] }],
    ["with a stranger among the invalid", { ...bulk, checked: 1, invalid: ["x@example.com"] }],
    ["to one alone", NOT_SUPPRESSED],
  ])("to many is an error too: %s", async (_what, answer) => {
    const { client } = scripted([() => json(answer)], { onError: "allow" });
    const bad = { error: { code: "bad_answer" } };
    expect(await played(client.checkMany([RECIPIENT, "jane@example.com"]))).toMatchObject(bad);
    const both = Promise.all([RECIPIENT, "jane@example.com"].map((one) => outcomeOf(client.check(one))));
    expect(await played(both)).toMatchObject({ value: [bad, bad] });
  });
});

describe("a mistake", () => {
  it.each([400, 401, 403, 404, 405, 409, 413, 422])("that is answered with %i is an error at once", async (status) => {
    for (const answer of [() => problem(status, "some_code"), () => new Response("nope", { status })]) {
      const { client, asked } = scripted([answer], { onError: "allow" });
      const ended = await played(client.check(RECIPIENT));
      expect(ended).toMatchObject({
        error: { status, isUnavailable: false, code: expect.stringMatching(/^(some_code|http_error)$/) },
      });
      expect(asked).toHaveLength(1);
    }
  });

  it("in the fetch that was given shows itself", async () => {
    const fetch = () => {
      throw new TypeError("Illegal invocation");
    };
    const { client } = scripted([good], { fetch, onError: "allow" });
    expect(await played(client.check(RECIPIENT))).toMatchObject({ error: new TypeError("Illegal invocation") });
  });

  it.each<[string, Partial<ClientOptions>]>([
    ["url", { url: "bounce.example.com" }],
    ["url", { url: "ftp://bounce.example.com" }],
    ["url", { url: "https://user:s3cret-value@bounce.example.com" }],
    ["url", { url: "https://bounce.example.com/?token=s3cret-value" }],
    ["token", { token: "" }],
    ["token", { token: "s3cret-value\n" }],
    ["token", { token: undefined as unknown as string }],
    ["headers", { headers: { "x-a": "s3cret-value\0" } }],
    ["timeoutMs", { timeoutMs: 0 }],
    ["timeoutMs", { timeoutMs: Number.NaN }],
    ["deadlineMs", { deadlineMs: 2 ** 31 }],
    ["retries", { retries: -1 }],
    ["onError", { onError: "ignore" as "allow" }],
    ["purpose", { purpose: "spam" as "marketing" }],
    ["consistency", { consistency: "weak" as "strong" }],
  ])("in the option %s is refused when the client is made, and not repeated", (name, options) => {
    const make = () => createClient({ url: ORIGIN, token: TOKEN, ...options });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(new RegExp(`^${name}: (?!.*s3cret-value)`));
  });

  it("in the options of a check is one too", async () => {
    const { client } = scripted([good]);
    await expect(client.check(RECIPIENT, { purpose: "spam" as "marketing" })).rejects.toThrow(TypeError);
    await expect(client.check(RECIPIENT, { onError: "" as "allow" })).rejects.toThrow(TypeError);
    await expect(client.check(undefined as unknown as string)).rejects.toThrow(TypeError);
  });
});

describe("errors", () => {
  it.each<[string, Answer]>([
    ["network", unreachable],
    ["timeout", never],
    ["problem", () => new Response("", { status: 503 })],
    ["page", () => new Response(`no page for ${RECIPIENT}`, { status: 404 })],
    ["answer", () => json({ recipient: RECIPIENT })],
  ])("name neither the recipient nor the token: %s", async (_what, answer) => {
    const { client } = scripted([answer], { retries: 0 });
    const { error } = (await played(client.check(RECIPIENT))) as { error: Error };
    const fields = Object.getOwnPropertyNames(error).map((name) => Reflect.get(error, name) as unknown);
    const seen = JSON.stringify([String(error), ...fields]);
    expect(seen).toContain("service");
    expect(error.cause).toBeUndefined();
    expect(seen).not.toContain("john");
    expect(seen).not.toContain(TOKEN);
  });

  it("say what the system calls it", async () => {
    const refused = Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });
    const { client } = scripted([() => Promise.reject(refused)], { retries: 0 });
    expect(await played(client.check(RECIPIENT))).toMatchObject({
      error: { message: "The service did not answer (ECONNREFUSED)." },
    });
  });

  it("are told to the log once a call, whatever becomes of them", async () => {
    const onFailure = vi.fn<(error: BouncekeeperError) => void>();
    const { client } = scripted([unreachable], { onFailure, onError: "block" });
    expect(await played(client.isSuppressed(RECIPIENT))).toMatchObject({ value: true });
    expect(onFailure).toHaveBeenCalledOnce();
    expect(onFailure.mock.calls[0]?.[0]).toMatchObject({ code: "network" });
    await played(Promise.all([client.check(RECIPIENT), client.check("jane@example.com")]));
    expect(onFailure).toHaveBeenCalledTimes(2);
  });

  it("of the log itself harm nobody", async () => {
    const onFailure = () => {
      throw new Error("disk full");
    };
    const { client } = scripted([unreachable], { onFailure, onError: "block" });
    expect(await played(client.isSuppressed(RECIPIENT))).toMatchObject({ value: true });
  });
});
