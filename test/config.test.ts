import { describe, expect, it } from "vitest";
import { configOf, connectionNameOf } from "../src/config";
import { testEnv } from "./support/worker";

const NO_WEBHOOKS = Object.fromEntries(
  ["INBOXROAD", "POWERMTA", "SMTPETER", "LISTMONK"].map((provider) => [`WEBHOOK_${provider}`, undefined]),
);
const DAY_MS = 86_400_000;

const configWith = (extra: Readonly<Record<string, unknown>>) => configOf(testEnv({ ...NO_WEBHOOKS, ...extra }));
const inboxroadWith = (value: unknown) =>
  configWith({ WEBHOOK_INBOXROAD: value }).connections.get("inboxroad/default")?.credentials;

describe("tokens", () => {
  it.each<[string, unknown, string[]]>([
    ["one", "a", ["a"]],
    ["several, with spaces around them", " a , b,c ", ["a", "b", "c"]],
    ["nothing between commas", ",a,, ,", ["a"]],
    ["an empty text", "", []],
    ["no text", ["a"], []],
    ["nothing at all", undefined, []],
  ])("are read out of %s", (_what, value, tokens) => {
    const config = configWith({ ADMIN_TOKENS: value, CHECK_TOKENS: value });
    expect(config.adminTokens).toEqual(tokens);
    expect(config.checkTokens).toEqual(tokens);
  });

  it("that nobody set are a problem, for operators only", () => {
    expect(configWith({ ADMIN_TOKENS: " , " }).problems).toEqual([expect.stringContaining("ADMIN_TOKENS")]);
    expect(configWith({ CHECK_TOKENS: undefined }).problems).toEqual([]);
  });
});

describe("the names of secrets", () => {
  it("name a provider and a connection, in the form of URLs", () => {
    const names = {
      WEBHOOK_INBOXROAD: "s",
      WEBHOOK_INBOXROAD__EU: "s",
      WEBHOOK_INBOXROAD__eu_west_1: "s",
      WEBHOOK_POWERMTA__A__B: "s",
      WEBHOOK_LISTMONK__News: "user:token",
    };
    expect([...configWith(names).connections.keys()].sort()).toEqual([
      "inboxroad/default",
      "inboxroad/eu",
      "inboxroad/eu_west_1",
      "listmonk/news",
      "powermta/a__b",
    ]);
  });

  it("of no provider, or of nothing, configure nothing", () => {
    const names = { WEBHOOK_NOBODY: "s", WEBHOOK_: "s", INBOXROAD: "s", WEBHOOK_INBOXROAD_EU: "s", WEBHOOKS: "s" };
    const config = configWith({ ...names, WEBHOOK_INBOXROAD: undefined });
    expect([...config.connections.keys()]).toEqual([]);
  });

  it.each([
    [undefined, "default"],
    ["eu", "eu"],
    ["EU", "eu"],
    ["eu-west-1", "eu_west_1"],
    ["Eu_West-1", "eu_west_1"],
  ])("are found by the connection that a URL calls %s", (urlPart, name) => {
    expect(connectionNameOf(urlPart)).toBe(name);
  });
});

describe("credentials", () => {
  it.each<[string, unknown, unknown[]]>([
    ["a text", "s3cret", ["s3cret"]],
    ["a list", " old, new ,", ["old", "new"]],
    ["a JSON array, whose members may hold commas", '["with,comma", "b"]', ["with,comma", "b"]],
    ["JSON with space around it", '\n ["a"] ', ["a"]],
    ["a binding that is an array already", ["with,comma"], ["with,comma"]],
  ])("may be %s", (_what, value, credentials) => {
    expect(inboxroadWith(value)).toEqual({ ok: true, value: credentials });
  });

  it("may be an object where a provider needs more than one value, alone or in a list", () => {
    const account = { environment: "environment-1", files: { "smtpeter-1.txt": "proof" } };
    const kept = { type: "account", account: { environment: "environment-1" }, files: account.files };
    const read = (value: unknown) =>
      configWith({ WEBHOOK_SMTPETER: value }).connections.get("smtpeter/default")?.credentials;
    for (const value of [account, JSON.stringify(account), [account]]) {
      expect(read(value)).toMatchObject({ ok: true, value: [kept] });
    }
    expect(read(JSON.stringify([account, "a-secret"]))).toMatchObject({ ok: true, value: [kept, { type: "secret" }] });
  });

  it.each<[string, unknown]>([
    ["an empty text", ""],
    ["white space", "  "],
    ["commas", ",,"],
    ["an array that was cut off", '["top-secret"'],
    ["an object that was cut off", '{"top-secret":'],
    ["an empty array", "[]"],
    ["an empty member", '["top-secret",""]'],
    ["a number", 7],
    ["a truth value", true],
    ["a number in an array", '["top-secret",7]'],
    ["null in an array", "[null]"],
    ["an array in an array", '[["top-secret"]]'],
    ["an object of the wrong shape", '{"top-secret":"top-secret"}'],
  ])("that are %s disable their connection, and only that", (_what, value) => {
    for (const provider of ["inboxroad", "smtpeter"]) {
      const name = `WEBHOOK_${provider.toUpperCase()}`;
      const config = configWith({ [name]: value, [`${name}__OTHER`]: "good" });
      const credentials = config.connections.get(`${provider}/default`)?.credentials;
      expect(credentials).toMatchObject({ ok: false, error: expect.any(String) });
      expect(config.connections.get(`${provider}/other`)?.credentials.ok).toBe(true);
      expect(config.problems).toEqual([expect.stringContaining(`${provider}/default: `)]);
      expect(config.problems.join()).not.toContain("top-secret");
    }
  });

  it("that are absent configure nothing and are no problem", () => {
    const config = configWith({});
    expect([...config.connections.keys()]).toEqual([]);
    expect(config.problems).toEqual([]);
  });
});

describe("the keys of return paths", () => {
  const [one, two] = ["a-key-of-16-chars", "another-key,with-a-comma"];

  it("are none, one, several with commas between them, or a JSON array", () => {
    expect(configWith({}).returnPathKeys).toEqual({ ok: true, value: [] });
    expect(configWith({ VERP_KEYS: one }).returnPathKeys).toEqual({ ok: true, value: [one] });
    expect(configWith({ VERP_KEYS: ` ${one} , ${one}2` }).returnPathKeys).toEqual({
      ok: true,
      value: [one, `${one}2`],
    });
    expect(configWith({ VERP_KEYS: JSON.stringify([one, two]) }).returnPathKeys).toEqual({
      ok: true,
      value: [one, two],
    });
  });

  it.each<[string, unknown]>([
    ["nothing", ""],
    ["one that can be guessed", "top-secret"],
    ["one of several that can be guessed", `${one},top-secret`],
    ["no text", '[{"key":"a-key-of-16-top-secret"}]'],
    ["no JSON", "[top-secret"],
  ])("are unusable, which is said, where there is %s", (_what, value) => {
    const config = configWith({ VERP_KEYS: value });
    expect(config.returnPathKeys.ok).toBe(false);
    expect(config.problems).toEqual([expect.stringContaining("VERP_KEYS")]);
    expect(config.problems.join()).not.toContain("top-secret");
  });
});

describe("how often the filter is built", () => {
  it.each<[unknown, number]>([
    [undefined, 15],
    ["30", 30],
    [0.5, 0.5],
    [0, 0],
    ["0", 0],
  ])("is read: %j", (value, minutes) => {
    const config = configWith({ FILTER_MINUTES: value });
    expect(config.filterEveryMs).toBe(minutes * 60_000);
    expect(config.problems).toEqual([]);
  });

  it.each([-1, "often", "", Number.NaN, Number.POSITIVE_INFINITY, {}, true])(
    "is as usual, and said, for %j",
    (value) => {
      const config = configWith({ FILTER_MINUTES: value });
      expect(config.filterEveryMs).toBe(15 * 60_000);
      expect(config.problems).toEqual([expect.stringContaining("FILTER_MINUTES")]);
    },
  );
});

describe("policy and retention", () => {
  it("have defaults, and are read out of tables and of JSON", () => {
    const usual = configWith({});
    expect(usual.policy).toMatchObject({ ok: true, value: { softThreshold: 5 } });
    const month = 30 * DAY_MS;
    const usualLengths = {
      deliveriesMs: month,
      deferralsMs: month,
      autoRepliesMs: month,
      bodiesMs: month,
      unverifiedMs: month,
      changesMs: month,
      auditMs: 365 * DAY_MS,
    };
    expect(usual.retention).toEqual(usualLengths);
    for (const form of [(v: unknown) => v, JSON.stringify]) {
      const config = configWith({
        POLICY: form({ soft_threshold: 3 }),
        RETENTION: form({ bodies_days: 0.5, unverified_days: 7, audit_days: 1 }),
      });
      expect(config.policy).toMatchObject({ ok: true, value: { softThreshold: 3 } });
      expect(config.retention).toEqual({
        ...usualLengths,
        bodiesMs: DAY_MS / 2,
        unverifiedMs: 7 * DAY_MS,
        auditMs: DAY_MS,
      });
      expect(config.problems).toEqual([]);
    }
  });

  it.each<[string, unknown]>([
    ["no JSON", "{"],
    ["a typo", { bodies_day: 30 }],
    ["nothing to keep", { bodies_days: 0 }],
    ["a number as text", { deliveries_days: "30" }],
    ["a number alone", 30],
    ["a number alone, as text", "30"],
    ["a list", []],
    ["not a number", { deliveries_days: Number.NaN }],
  ])("keep everything where retention is %s, and say so", (_what, value) => {
    const config = configWith({ RETENTION: value });
    expect(new Set(Object.values(config.retention))).toEqual(new Set([Number.POSITIVE_INFINITY]));
    expect(config.problems).toEqual([expect.stringContaining("RETENTION")]);
  });

  it.each<[string, unknown]>([
    ["no JSON", "{"],
    ["a typo", { soft_treshold: 3 }],
    ["a threshold of nothing", { soft_threshold: 0 }],
  ])("say so where the policy is %s", (_what, value) => {
    const config = configWith({ POLICY: value });
    expect(config.policy.ok).toBe(false);
    expect(config.problems).toEqual([expect.stringContaining("POLICY")]);
  });
});

it("is built once for each environment, and never shared between two", () => {
  const env = testEnv({ ADMIN_TOKENS: "a" });
  expect(configOf(env)).toBe(configOf(env));
  expect(configOf({ ...env, ADMIN_TOKENS: "b" }).adminTokens).toEqual(["b"]);
  expect(configOf(env).adminTokens).toEqual(["a"]);
});

describe("a secret's name", () => {
  it("that names no provider or an empty connection is said to be of no use", () => {
    const config = configOf(testEnv({ WEBHOOK_INBOXROUD: "x", WEBHOOK_INBOXROAD__: "y" }));
    expect(config.problems).toEqual([
      "WEBHOOK_INBOXROUD: there is no such provider",
      "WEBHOOK_INBOXROAD__: the connection has no name",
    ]);
  });

  it("may call the default connection by its name: then both credentials are good, and one bad one spoils both", () => {
    const credentialsWith = (value: unknown) =>
      configOf(testEnv({ WEBHOOK_INBOXROAD: "a", WEBHOOK_INBOXROAD__DEFAULT: value })).connections.get(
        "inboxroad/default",
      )?.credentials;
    expect(credentialsWith("b")).toEqual({ ok: true, value: ["a", "b"] });
    expect(credentialsWith(7)).toMatchObject({ ok: false });
  });
});
