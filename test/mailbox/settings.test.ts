import { describe, expect, it } from "vitest";
import { type Mailbox, type MailboxSettings, parseMailboxes } from "../../src/mailbox/settings";

const MINIMAL = { host: "pop.example.com", username: "bounces@example.com", password: "top-secret" };

/** An entry as listmonk's settings hold it. */
const LISTMONK = {
  uuid: "5a3b1c1e-7c0e-4a7d-9b35-0d7e5b0f9a11",
  enabled: true,
  type: "pop",
  host: "pop.example.com",
  port: 995,
  auth_protocol: "userpass",
  return_path: "bounces@example.com",
  username: "bounces@example.com",
  password: "top-secret",
  tls_enabled: true,
  tls_skip_verify: false,
  scan_interval: "15m",
};

function listOf(raw: unknown): readonly Mailbox[] {
  const parsed = parseMailboxes(raw);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function settingsOf(entry: Readonly<Record<string, unknown>>): MailboxSettings {
  const settings = listOf([{ ...MINIMAL, ...entry }])[0]?.settings;
  if (!settings?.ok) throw new Error(settings?.error);
  return settings.value;
}

function errorOf(entry: unknown): string {
  const settings = listOf([entry])[0]?.settings;
  return settings?.ok === false ? settings.error : "";
}

describe("a mailbox", () => {
  it("needs a host and credentials; the rest has defaults", () => {
    expect(listOf([MINIMAL])).toEqual([
      {
        name: "default",
        settings: {
          ok: true,
          value: {
            enabled: true,
            host: "pop.example.com",
            port: 995,
            tls: "tls",
            authProtocol: "userpass",
            username: "bounces@example.com",
            password: "top-secret",
            returnPath: undefined,
            scanIntervalMs: 15 * 60_000,
            trusted: false,
            keep: false,
          },
        },
      },
    ]);
  });

  it("is read out of listmonk's settings as it stands there", () => {
    expect(listOf([LISTMONK])).toEqual(listOf([{ ...MINIMAL, return_path: "bounces@example.com" }]));
  });

  it.each<[Readonly<Record<string, unknown>>, string, number]>([
    [{}, "tls", 995],
    [{ tls: "starttls" }, "starttls", 110],
    [{ tls: "none" }, "none", 110],
    [{ tls: "tls", port: 1995 }, "tls", 1995],
    [{ tls: true }, "tls", 995],
    [{ tls: false }, "none", 110],
    [{ tls_enabled: true }, "tls", 995],
    [{ tls_enabled: false }, "none", 110],
    [{ tls_enabled: true, tls: "starttls" }, "starttls", 110],
    [{ tls: "none", port: 110 }, "none", 110],
    [{ tls_enabled: false, port: 110 }, "none", 110],
  ])("with %j uses %s on port %i", (entry, tls, port) => {
    expect(settingsOf(entry)).toMatchObject({ tls, port });
  });

  it.each([
    ["1m", 60_000],
    ["90s", 90_000],
    ["1h", 3_600_000],
    ["1h30m", 5_400_000],
    ["2h0m5s", 7_205_000],
    ["168h", 604_800_000],
  ])("is scanned every %s", (scan_interval, ms) => {
    expect(settingsOf({ scan_interval }).scanIntervalMs).toBe(ms);
  });

  it("has a return path in canonical form, or none", () => {
    expect(settingsOf({ return_path: "Bounces@Example.COM" }).returnPath).toBe("bounces@example.com");
    expect(settingsOf({ return_path: "" }).returnPath).toBeUndefined();
  });

  it.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ["no host", { host: undefined }, /^host: /],
    ["an empty host", { host: "" }, /^host: /],
    ["a host with a scheme", { host: "pop3s://pop.example.com" }, /^host: .*without scheme/],
    ["a host with a port", { host: "pop.example.com:995" }, /^host: .*port/],
    ["port 25", { port: 25 }, /^port: port 25 cannot be reached/],
    ["port 0", { port: 0 }, /^port: /],
    ["a port that is none", { port: 65_536 }, /^port: /],
    ["a port as text", { port: "995" }, /^port: /],
    ["no login", { auth_protocol: "none" }, /^auth_protocol: .*userpass/],
    ["APOP", { auth_protocol: "apop" }, /^auth_protocol: .*MD5/],
    ["no user", { username: "" }, /^username: /],
    ["a user that would be two commands", { username: "a\r\nDELE 1" }, /^username: .*control characters/],
    ["a password that would be two commands", { password: "top-secret\nDELE 1" }, /^password: .*control characters/],
    ["an interval below a minute", { scan_interval: "59s" }, /^scan_interval: /],
    ["an interval above a week", { scan_interval: "169h" }, /^scan_interval: /],
    ["an interval without a unit", { scan_interval: "15" }, /^scan_interval: /],
    ["no interval", { scan_interval: "" }, /^scan_interval: /],
    ["an interval as a number", { scan_interval: 15 }, /^scan_interval: /],
    ["another type", { type: "imap" }, /^type: must be "pop"/],
    ["certificates that are not verified", { tls_skip_verify: true }, /^tls_skip_verify: .*verifies every certificate/],
    ["TLS of an unknown kind", { tls: "ssl" }, /^tls: must be "tls", "starttls" or "none"/],
    ["TLS stated twice, differently", { tls: "none", tls_enabled: true }, /^tls_enabled: /],
    ["TLS stated twice, differently, the other way", { tls: "tls", tls_enabled: false }, /^tls_enabled: /],
    ["port 110 and not a word about TLS", { port: 110 }, /^tls: .*starttls/],
    ["a return path that is no address", { return_path: "top-secret" }, /^return_path: /],
    ["a name with a space", { name: "top secret" }, /^name: /],
    ["a typo", { trustd: true }, /trustd/],
    ["two faults", { port: 0, trusted: "yes" }, /port: .*trusted: /],
  ])("with %s is refused with a sentence that names the setting and no value", (_what, entry, message) => {
    const error = errorOf({ ...MINIMAL, ...entry });
    expect(error).toMatch(message);
    expect(error).not.toMatch(/top.secret|DELE/);
  });
});

describe("the list", () => {
  it("is read from JSON and from an array alike", () => {
    expect(parseMailboxes(JSON.stringify([LISTMONK]))).toEqual(parseMailboxes([LISTMONK]));
  });

  it("is empty where nothing is set", () => {
    expect(parseMailboxes(undefined)).toEqual({ ok: true, value: [] });
    expect(parseMailboxes("[]")).toEqual({ ok: true, value: [] });
  });

  it.each(["", "{", '[{"password":"top-secret"', "{}", '"top-secret"', "7", "null"])(
    "is refused as a whole: %j",
    (raw) => {
      const parsed = parseMailboxes(raw);
      expect(parsed).toEqual({
        ok: false,
        error: expect.stringMatching(/^MAILBOXES (?:is not valid JSON|must be a JSON array)/),
      });
      expect(JSON.stringify(parsed)).not.toContain("top-secret");
    },
  );

  it("loses only its bad entries, and says which these are", () => {
    const list = listOf([MINIMAL, { ...MINIMAL, name: "eu", port: 25 }, { ...MINIMAL, name: "us-2" }, 7, null]);
    expect(list.map(({ name, settings }) => [name, settings.ok])).toEqual([
      ["default", true],
      ["eu", false],
      ["us-2", true],
      ["#4", false],
      ["#5", false],
    ]);
  });

  it("gives a name to its first bearer only", () => {
    const list = listOf([MINIMAL, MINIMAL, { ...MINIMAL, name: "default" }]);
    expect(list.map(({ name }) => name)).toEqual(["default", "#2", "#3"]);
    expect(list.slice(1).map(({ settings }) => settings)).toEqual(
      Array.from({ length: 2 }, () => ({ ok: false, error: expect.stringMatching(/^name: another mailbox/) })),
    );
  });
});
