/** The session: what RFC 1939 says, and what servers do all the same. */
import { describe, expect, it, vi } from "vitest";
import type { Wire } from "../../src/mailbox/wire";
import { binaryBytes, binaryText, type Habits, joined, Maildrop, mailOf } from "../support/pop3-server";
import { failureOf, IMPATIENT, insteadOf, MAIL, openOn, signedIn } from "../support/pop3-sessions";
import { wireTo } from "../support/pop3-wire";

describe("signing in", () => {
  it("sends USER and PASS", async () => {
    const drop = new Maildrop([]);
    await signedIn(drop);
    expect(drop.commands).toEqual(["USER bounces", "PASS secret"]);
  });

  it("sends AUTH PLAIN and the credentials as RFC 4616 wants them", async () => {
    const drop = new Maildrop([]);
    await signedIn(drop, { login: { authProtocol: "plain" } });
    expect(drop.commands).toEqual(["AUTH PLAIN", btoa("\0bounces\0secret")]);
  });

  it("sends names and passwords in UTF-8, with the blanks that are in them", async () => {
    const bytes = (text: string) => binaryText(new TextEncoder().encode(text));
    const drop = new Maildrop([], { user: bytes("zoë"), password: bytes("a b ü") });
    await signedIn(drop, { login: { username: "zoë", password: "a b ü" } });
  });

  it.each(["userpass", "plain"] as const)(
    "fails with %s where the server says no, and quotes no secret",
    async (authProtocol) => {
      const quoting: Habits = {
        password: "other",
        instead: (line) => (/^(?:PASS|[A-Za-z0-9+/=]{16,}$)/.test(line) ? `-ERR bad: ${line}` : undefined),
      };
      for (const habits of [{ password: "other" }, quoting]) {
        const failure = await failureOf(habits, { login: { authProtocol } });
        expect(failure.code).toBe("login_failed");
        expect(failure.detail).not.toMatch(/secret|AGJvdW5jZXM/);
      }
    },
  );

  it.each([
    "-ERR [IN-USE] locked by another session",
    "-ERR [LOGIN-DELAY] wait 30 seconds",
    "-ERR maildrop already locked",
  ])("is told to come again later by %j", async (answer) => {
    expect(await failureOf(insteadOf("PASS", answer))).toMatchObject({ code: "busy" });
  });

  it.each(["-ERR [AUTH] no", "-ERR [SYS/PERM] disabled", "-ERR account locked"])("is refused by %j", async (answer) => {
    expect(await failureOf(insteadOf("PASS", answer))).toMatchObject({ code: "login_failed" });
  });

  it.each<[string, Habits, string]>([
    ["another protocol", { greeting: "220 mail.example.com ESMTP" }, "not_pop3"],
    ["a greeting that refuses", { greeting: "-ERR too many connections" }, "refused"],
    ["a line without end", { greeting: `+OK ${"x".repeat(10_000)}` }, "not_pop3"],
    ["more than was asked for", { greeting: "+OK ready\r\n+OK and more" }, "not_pop3"],
  ])("fails on %s", async (_what, habits, code) => {
    expect(await failureOf(habits)).toMatchObject({ code });
  });

  it("quotes a server in printable characters, and not for long", async () => {
    const failure = await failureOf({ greeting: `-ERR \x1b[31m${"é".repeat(500)}` });
    expect(failure.detail).toMatch(/^[\x20-\x7e]{1,300}$/);
  });
});

describe("STARTTLS", () => {
  const STARTTLS = { login: { tls: "starttls" } } as const;

  it("comes before the credentials", async () => {
    const drop = new Maildrop([], { offersStartTls: true });
    await signedIn(drop, STARTTLS);
    expect(drop.commands).toEqual(["STLS", "USER bounces", "PASS secret"]);
  });

  it("is insisted on: where it is refused, no credentials are sent", async () => {
    const drop = new Maildrop([]);
    const session = await openOn(wireTo(drop), STARTTLS);
    expect(session).toMatchObject({ ok: false, error: { code: "starttls_refused" } });
    expect(drop.commands).toEqual(["STLS"]);
  });

  it("lets nothing through that was said before the handshake", async () => {
    const injected = binaryBytes("+OK begin TLS\r\n+OK\r\n+OK signed in\r\n");
    expect(await failureOf(insteadOf("STLS", injected), STARTTLS)).toMatchObject({ code: "not_pop3" });
  });

  it("fails where the handshake does", async () => {
    const drop = new Maildrop([], { offersStartTls: true });
    const wire = { ...wireTo(drop), startTls: () => Promise.reject(new Error("certificate")) };
    expect(await openOn(wire, STARTTLS)).toMatchObject({ ok: false, error: { code: "connect_failed" } });
    expect(drop.commands).toEqual(["STLS"]);
  });
});

describe("deleting", () => {
  it("happens when the session ends, and not before", async () => {
    const drop = new Maildrop([MAIL, mailOf("b", "2\n")]);
    const { session } = await signedIn(drop);
    expect(await session.markDeleted(1)).toMatchObject({ ok: true });
    expect(drop.uidls).toEqual(["a", "b"]);
    expect(await session.quit()).toMatchObject({ ok: true });
    expect(drop.uidls).toEqual(["b"]);
  });

  it("does not happen when the session is left", async () => {
    const drop = new Maildrop([MAIL]);
    const { session, wire } = await signedIn(drop);
    await session.markDeleted(1);
    session.close();
    expect(wire.isClosed()).toBe(true);
    expect(drop.uidls).toEqual(["a"]);
  });

  it("is waited for longer than other answers, but not for ever", async () => {
    const silent = insteadOf("QUIT", new Uint8Array());
    const startedAt = Date.now();
    const limits = { answerTimeoutMs: 20, quitTimeoutMs: 120 };
    const { session } = await signedIn(new Maildrop([MAIL], silent), { limits });
    expect(await session.quit()).toMatchObject({ ok: false, error: { code: "timeout" } });
    expect(Date.now() - startedAt).toBeGreaterThan(100);
  });

  it("is not confirmed by a server that says it could not", async () => {
    const { session } = await signedIn(new Maildrop([MAIL], insteadOf("QUIT", "-ERR some messages were not removed")));
    expect(await session.quit()).toMatchObject({ ok: false, error: { code: "refused" } });
  });
});

describe("a server that takes its time", () => {
  it("with an answer is given up on", async () => {
    const habits = insteadOf("RETR", new Uint8Array());
    const { session, wire } = await signedIn(new Maildrop([MAIL], habits), { limits: IMPATIENT });
    expect(await session.retrieve(1, 0)).toMatchObject({ ok: false, error: { code: "timeout" } });
    expect(wire.isClosed()).toBe(true);
  });

  it("with its greeting is given up on", async () => {
    const silent: Wire = { ...wireTo(new Maildrop([])), read: () => new Promise(() => {}) };
    expect(await openOn(silent, { limits: IMPATIENT })).toMatchObject({ ok: false, error: { code: "timeout" } });
  });

  it("with taking a command is given up on", async () => {
    const deaf: Wire = { ...wireTo(new Maildrop([])), write: () => new Promise(() => {}) };
    expect(await openOn(deaf, { limits: IMPATIENT })).toMatchObject({ ok: false, error: { code: "timeout" } });
  });

  it("with a byte now and then is given up on when the session's time is over", async () => {
    const endless = joined(binaryBytes("+OK\r\n"), binaryBytes("x".repeat(9_000)));
    const inner = wireTo(new Maildrop([MAIL], insteadOf("RETR", endless)), { pieceBytes: 1 });
    const slow: Wire = {
      ...inner,
      read: async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return inner.read();
      },
    };
    const opened = await openOn(slow, { limits: { answerTimeoutMs: 500, sessionTimeoutMs: 400 } });
    const raw = opened.ok ? await opened.value.retrieve(1, 0) : opened;
    expect(raw).toEqual({ ok: false, error: { code: "timeout", detail: "The session took too long." } });
  });

  it("leaves no timer behind when it answers", async () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    const cleared = vi.spyOn(globalThis, "clearTimeout");
    const { session } = await signedIn(new Maildrop([MAIL]));
    await session.quit();
    expect(set.mock.calls.length).toBeGreaterThan(5);
    expect(cleared.mock.calls.length).toBe(set.mock.calls.length);
    vi.restoreAllMocks();
  });
});
