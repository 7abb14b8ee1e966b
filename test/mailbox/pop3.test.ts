/** The protocol, over a wire inside the test: what RFC 1939 says, and what servers do all the same. */
import { describe, expect, it, vi } from "vitest";
import { type Login, Pop3Session, type SessionLimits } from "../../src/mailbox/pop3";
import type { Wire } from "../../src/mailbox/wire";
import {
  binaryBytes,
  binaryText,
  type Habits,
  joined,
  Maildrop,
  mailOf,
  type StoredMail,
} from "../support/pop3-server";
import { type Fate, wireTo } from "../support/pop3-wire";

const LOGIN: Login = { tls: "none", authProtocol: "userpass", username: "bounces", password: "secret" };
const LIMITS: SessionLimits = {
  answerTimeoutMs: 2_000,
  quitTimeoutMs: 5_000,
  sessionTimeoutMs: 10_000,
  maxMailBytes: 10_000,
  maxListed: 1_000,
};
const IMPATIENT = { answerTimeoutMs: 20 };
const MAIL = mailOf("a", "Subject: one\n\n.dot\n..dots\n.\nend\n");

interface Play {
  readonly fate?: Fate;
  readonly login?: Partial<Login>;
  readonly limits?: Partial<SessionLimits>;
}

function openOn(wire: Wire, { login, limits }: Play = {}) {
  return Pop3Session.open(wire, { ...LOGIN, ...login }, { ...LIMITS, ...limits }, () => Date.now());
}

async function signedIn(drop: Maildrop, play: Play = {}) {
  const wire = wireTo(drop, play.fate);
  const session = await openOn(wire, play);
  if (!session.ok) throw new Error(session.error.detail);
  return { session: session.value, wire };
}

async function failureOf(habits: Habits, play: Play = {}) {
  const wire = wireTo(new Maildrop([MAIL], habits), play.fate);
  const session = await openOn(wire, play);
  if (session.ok) throw new Error("it opened");
  expect(wire.isClosed()).toBe(true);
  return session.error;
}

const retrieve = async (mail: StoredMail, habits: Habits = {}, play: Play = {}) => {
  const { session } = await signedIn(new Maildrop([mail], habits), play);
  return session.retrieve(1, mail.bytes.length);
};

/** Answers the first command of this kind with these words. */
const insteadOf = (command: string, answer: string | Uint8Array): Habits => ({
  instead: (line) => (line.startsWith(command) ? answer : undefined),
});

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

describe("a listing", () => {
  const MAILS = [mailOf("a", "1\n"), mailOf("b", "22\n"), mailOf("c", "333\n")];
  const listed = async (habits: Habits, limits: Partial<SessionLimits> = {}, mails = MAILS) =>
    (await signedIn(new Maildrop(mails, habits), { limits })).session.list();

  it("names each mail by number, unique id and announced size", async () => {
    expect(await listed({})).toEqual({
      ok: true,
      value: {
        mails: [
          { number: 1, uidl: "a", bytes: 3 },
          { number: 2, uidl: "b", bytes: 4 },
          { number: 3, uidl: "c", bytes: 5 },
        ],
        isComplete: true,
      },
    });
  });

  it("may be empty", async () => {
    expect(await listed({}, {}, [])).toEqual({ ok: true, value: { mails: [], isComplete: true } });
  });

  it("gives no unique id to mails that share one, or whose id is unusable", async () => {
    const mails = ["same", "own", "same", "with blank", "x".repeat(300)].map((uidl) => mailOf(uidl, "1\n"));
    const listing = await listed({}, {}, mails);
    expect(listing.ok && listing.value.mails.map(({ uidl }) => uidl)).toEqual([null, "own", null, null, null]);
  });

  it("takes sizes that are none for unknown, and notes after a size for nothing", async () => {
    const sizes: Record<string, string> = { a: "many", b: "12345678901234567", c: "5 octets" };
    const listing = await listed({ announce: ({ uidl }) => sizes[uidl] ?? "" });
    expect(listing.ok && listing.value.mails.map(({ bytes }) => bytes)).toEqual([null, null, 5]);
  });

  it("says when it is not all of a mailbox", async () => {
    const listing = await listed({}, { maxListed: 2 });
    expect(listing).toMatchObject({ ok: true, value: { mails: [{ number: 1 }, { number: 2 }], isComplete: false } });
    expect(await listed({}, { maxListed: 3 })).toMatchObject({ value: { isComplete: true } });
  });

  it("fails where the server has no unique ids", async () => {
    expect(await listed(insteadOf("UIDL", "-ERR unknown command"))).toMatchObject({
      ok: false,
      error: { code: "no_uidl" },
    });
  });

  it("of a hundred thousand mails is read in one go", async () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => `${i + 1} ${i + 1}\r\n`).join("");
    const habits = insteadOf("LIST", binaryBytes(`+OK\r\n${rows}.\r\n`));
    const uidl = insteadOf("UIDL", binaryBytes(`+OK\r\n${rows.replaceAll(/ (\d+)/g, " id-$1")}.\r\n`));
    const both: Habits = { instead: (line) => habits.instead?.(line) ?? uidl.instead?.(line) };
    const listing = await listed(both, { maxListed: 100_000 });
    expect(listing.ok && listing.value.mails.at(-1)).toEqual({ number: 100_000, uidl: "id-100000", bytes: 100_000 });
    expect(listing).toMatchObject({ value: { isComplete: true } });
  });
});

describe("a mail", () => {
  it.each<[string, string]>([
    ["lines that begin with dots", "Subject: x\r\n\r\n.\r\n..\r\n...\r\n.a\r\n"],
    ["nothing in it", ""],
    ["a dot only", ".\r\n"],
    ["every byte there is", `${Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("")}\r\n`],
    ["bare line feeds before dots", "Subject: x\r\n\r\na\n.\nb\n.\r\nc\r\n"],
    ["bare carriage returns", "Subject: x\r\n\r\na\r.\rb\r\r\n.\r\r\nc\r\n"],
    ["an end like the end of all mails, but one byte", "Subject: x\r\n\r\n\r\n.x\r\n\r\n. \r\n"],
  ])("with %s comes as it was, in pieces of any size", async (_what, text) => {
    const mail = { uidl: "a", bytes: binaryBytes(text) };
    for (const pieceBytes of [1, 2, 3, 7, 1_000]) {
      const raw = await retrieve(mail, {}, { fate: { pieceBytes } });
      expect(raw.ok && binaryText(raw.value)).toBe(text);
    }
  });

  it("without a line break at its end gets one, as POP3 has it", async () => {
    const raw = await retrieve({ uidl: "a", bytes: binaryBytes("Subject: x\r\n\r\nend") });
    expect(raw.ok && binaryText(raw.value)).toBe("Subject: x\r\n\r\nend\r\n");
  });

  it("of a server that ends lines with a bare line feed is understood", async () => {
    const text = "Subject: x\n\n.dot\n.\n..\nend\n";
    for (const pieceBytes of [1, 1_000]) {
      const raw = await retrieve({ uidl: "a", bytes: binaryBytes(text) }, { lineEnd: "\n" }, { fate: { pieceBytes } });
      expect(raw.ok && binaryText(raw.value)).toBe(text);
    }
  });

  it("of a server that ends answers properly and mails with bare line feeds is understood", async () => {
    const raw = await retrieve(MAIL, insteadOf("RETR", binaryBytes("+OK\r\nSubject: x\n\n..dot\nend\n.\r\n")));
    expect(raw.ok && binaryText(raw.value)).toBe("Subject: x\n\n.dot\nend\n");
  });

  it.each([0, 1, 9_999, 1_000_000])("is complete where %i bytes were announced", async (announced) => {
    const { session } = await signedIn(new Maildrop([MAIL]));
    const raw = await session.retrieve(1, announced);
    expect(raw.ok && raw.value).toEqual(MAIL.bytes);
  });

  it("of the largest size is taken, and one byte more is not", async () => {
    for (const [bytes, isTaken] of [
      [10_000, true],
      [10_001, false],
      [30_000, false],
    ] as const) {
      const mail = { uidl: "a", bytes: binaryBytes(`${"x".repeat(bytes - 2)}\r\n`) };
      for (const pieceBytes of [100, 100_000]) {
        const raw = await retrieve(mail, { announce: () => 10 }, { fate: { pieceBytes } });
        expect(raw).toMatchObject(isTaken ? { ok: true } : { ok: false, error: { code: "too_large" } });
      }
    }
  });

  it("that the server refuses leaves the session as it is", async () => {
    const drop = new Maildrop([MAIL]);
    const { session } = await signedIn(drop);
    expect(await session.retrieve(2, 0)).toMatchObject({ ok: false, error: { code: "refused" } });
    expect(await session.retrieve(1, 0)).toMatchObject({ ok: true });
  });

  it("that ends before the server does is no mail: more than was asked for spoils the session", async () => {
    const { session, wire } = await signedIn(
      new Maildrop([MAIL], insteadOf("RETR", binaryBytes("+OK\r\na\r\n.\r\nb\r\n.\r\n"))),
    );
    await session.retrieve(1, 0);
    expect(await session.markDeleted(1)).toMatchObject({ ok: false, error: { code: "not_pop3" } });
    expect(wire.isClosed()).toBe(true);
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

describe("a connection that is cut", () => {
  it.each(["end", "break"] as const)("at any byte (%s) never yields a mail that is not whole", async (cutBy) => {
    const drop = () => new Maildrop([MAIL]);
    const { session, wire } = await signedIn(drop());
    await session.retrieve(1, 0);
    const whole = wire.carried();
    for (let cutAfter = 0; cutAfter <= whole; cutAfter++) {
      const opened = await openOn(wireTo(drop(), { cutAfter, cutBy }));
      const raw = opened.ok ? await opened.value.retrieve(1, 0) : opened;
      if (raw.ok) expect(raw.value).toEqual(MAIL.bytes);
      else expect(raw.error.code).toBe("cut_off");
      expect(raw.ok).toBe(cutAfter === whole);
    }
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
