/** Real connections, to servers on this machine: plain, STARTTLS and TLS, and what happens on a bad one. */
import { describe, expect, inject, it } from "vitest";
import { type Login, Pop3Session, type SessionLimits } from "../../src/mailbox/pop3";
import type { TlsMode } from "../../src/mailbox/settings";
import { openSocket } from "../../src/mailbox/socket";
import { binaryText } from "../support/pop3-server";

const PORTS = inject("pop3Ports");
const SECONDS = 1_000;
const LIMITS: SessionLimits = {
  answerTimeoutMs: 5 * SECONDS,
  quitTimeoutMs: 5_000,
  sessionTimeoutMs: 20 * SECONDS,
  maxMailBytes: 25 * 1024 * 1024,
  maxListed: 100,
};
const PORT_OF: Readonly<Record<TlsMode, number>> = { tls: PORTS.tls, starttls: PORTS.plain, none: PORTS.plain };

let users = 0;

interface Call {
  readonly tls?: TlsMode;
  readonly port?: number;
  readonly host?: string;
  readonly limits?: Partial<SessionLimits>;
  readonly user?: string;
}

async function open(
  scenario: string,
  { tls = "none", port = PORT_OF[tls], host = "localhost", limits, user }: Call = {},
) {
  const wire = await openSocket({ host, port, tls });
  if (!wire.ok) return wire;
  const login: Login = {
    tls,
    authProtocol: "userpass",
    username: user ?? `${scenario}-${++users}`,
    password: "secret",
  };
  return Pop3Session.open(wire.value, login, { ...LIMITS, ...limits }, () => Date.now());
}

async function openOrThrow(scenario: string, call: Call = {}): Promise<Pop3Session> {
  const session = await open(scenario, call);
  if (!session.ok) throw new Error(session.error.detail);
  return session.value;
}

describe.each(["none", "starttls", "tls"] as const)("a session with tls = %s", (tls) => {
  it.each(["localhost", "127.0.0.1"])("with %s lists, fetches, deletes and ends", async (host) => {
    const session = await openOrThrow("mails", { tls, host });
    const listing = await session.list();
    expect(listing).toMatchObject({ ok: true, value: { mails: [{ uidl: "small" }, { uidl: "other" }] } });
    const mail = await session.retrieve(1, 0);
    expect(mail.ok && binaryText(mail.value)).toBe("Subject: small\r\n\r\n.dot\r\n.\r\nend\r\n");
    expect(await session.markDeleted(1)).toMatchObject({ ok: true });
    expect(await session.quit()).toMatchObject({ ok: true });
  });

  it("that is cut off in the middle of a mail has received none", async () => {
    const session = await openOrThrow("cut", { tls });
    expect(await session.retrieve(1, 0)).toMatchObject({ ok: false, error: { code: "cut_off" } });
  });

  it("whose server falls silent in the middle of a mail does not wait for ever", async () => {
    const session = await openOrThrow("silent", { tls, limits: { answerTimeoutMs: 200 } });
    expect(await session.retrieve(1, 0)).toMatchObject({ ok: false, error: { code: "timeout" } });
  });

  it("that is left in the middle of a mail is over for the server too", async () => {
    const first = await openOrThrow("locked", { tls, user: `locked-${tls}`, limits: { maxMailBytes: 1_000_000 } });
    const again = async () => (await open("locked", { tls, user: `locked-${tls}` })).ok;
    expect(await again()).toBe(false);
    expect(await first.retrieve(1, 0)).toMatchObject({ ok: false, error: { code: "too_large" } });
    await expect.poll(again, { timeout: 10 * SECONDS }).toBe(true);
  });

  it("fails where nobody listens", async () => {
    expect(await open("mails", { tls, port: 1 })).toMatchObject({ ok: false, error: { code: "connect_failed" } });
  });

  it("fails where no host has that name", async () => {
    const session = await open("mails", { tls, host: "nobody.invalid" });
    expect(session).toMatchObject({ ok: false, error: { code: "connect_failed" } });
  });
});

describe("a large mail", () => {
  it("of 20 MB is taken, whatever pieces it comes in", async () => {
    const session = await openOrThrow("fitting", { tls: "none" });
    const mail = await session.retrieve(1, 0);
    expect(mail.ok && mail.value.length).toBeGreaterThan(19_999_000);
    expect(mail.ok && binaryText(mail.value.slice(-6))).toBe("xxxx\r\n");
    session.close();
  });

  it("of 30 MB is given up on the way", async () => {
    const session = await openOrThrow("large", { tls: "none" });
    expect(await session.retrieve(1, 100)).toMatchObject({ ok: false, error: { code: "too_large" } });
    expect(session.isClosed).toBe(true);
  });
});

describe("a certificate that nobody trusts", () => {
  it("ends the attempt, from the start or after STLS, before any credentials are sent", async () => {
    for (const call of [
      { tls: "tls", port: PORTS.stranger },
      { tls: "starttls", port: PORTS.strangerPlain },
    ] as const) {
      const session = await open("mails", call);
      expect(session).toMatchObject({
        ok: false,
        error: { code: "connect_failed", detail: expect.stringMatching(/certificate/) },
      });
    }
  });
});

describe("a host that never says a word", () => {
  it("is given up on", async () => {
    const session = await open("mails", { port: PORTS.silent, limits: { answerTimeoutMs: 200 } });
    expect(session).toMatchObject({ ok: false, error: { code: "timeout" } });
  });
});
