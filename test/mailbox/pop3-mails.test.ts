/** What comes over a session: the listing and the mails, byte by byte. */
import { describe, expect, it } from "vitest";
import type { SessionLimits } from "../../src/mailbox/pop3";
import { binaryBytes, binaryText, type Habits, Maildrop, mailOf } from "../support/pop3-server";
import { insteadOf, MAIL, openOn, retrieve, signedIn } from "../support/pop3-sessions";
import { wireTo } from "../support/pop3-wire";

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
