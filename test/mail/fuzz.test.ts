/// <reference types="vite/types/importMeta.d.ts" />
/** Mails that nobody's program wrote: whatever comes in, an answer comes out, well formed and in time. */
import fc from "fast-check";
import { describe, expect, inject, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { SMTP_COMMANDS } from "../../src/domain/event";
import { RECIPIENT_PHRASES, RECIPIENT_SHAPES } from "../../src/mail/recipient-shapes";
import { MAIL_FORMS, type MailEvent, type RecognizedMail } from "../../src/mail/recognition";
import { recognizeMail } from "../../src/mail/recognize";
import type { FuzzRuns } from "../support/fuzz-runs";
import { mailFixtures } from "./mails";

const MAILS = ["bounce", "no-bounce", "feedback", "auto-reply", "other"].flatMap(mailFixtures).map(({ raw }) => raw);
/** Far above what any takes, on a busy machine too. */
const PATIENCE_MS = 2_000;

const FUZZ: FuzzRuns = inject("FUZZ");
const PATIENCE_PER_RUN_MS = 1_000;
const FUZZ_TIMEOUT_MS = Math.max(60_000, Number(FUZZ.runs ?? 0) * PATIENCE_PER_RUN_MS);

/** As often as this, always the same; `npm run fuzz` says its own. */
const usually = (numRuns: number, seed: number) => ({
  numRuns: Number(FUZZ.runs ?? numRuns),
  seed: Number(FUZZ.seed ?? seed),
});

const KINDS = ["bounced", "deferred", "delivered", "complained", "unsubscribed", "auto_reply"];
const ADDRESS = /^[^\s\x00-\x1f\x7f]{1,500}$/;

function expectWellFormed({ form, events, returned, sentTo, reportId, reportedAt }: RecognizedMail): void {
  expect(MAIL_FORMS).toContain(form);
  if (form === "unrecognized") expect(events).toEqual([]);
  expect(events.length).toBeLessThanOrEqual(1_000);
  for (const event of events) expectEventWellFormed(event);
  for (const address of [...returned.to, ...sentTo]) expect(address).toMatch(/@/);
  for (const id of [returned.messageId, reportId])
    if (id !== undefined) expect(id).toMatch(/^[^\s\x00-\x1f<>]{1,1200}$/);
  if (reportedAt !== undefined) expect(Number.isFinite(reportedAt)).toBe(true);
}

function expectEventWellFormed(event: MailEvent): void {
  expect(KINDS).toContain(event.kind);
  for (const address of [event.recipient, event.failedAddress]) {
    if (address !== undefined) expect(address).toMatch(/^(?:"[^"]{1,100}"|[^@]{1,200}).*@/);
  }
  if (event.recipient !== undefined && !event.recipient.startsWith('"')) expect(event.recipient).toMatch(ADDRESS);
  if (event.statusCode !== undefined) expect(event.statusCode).toMatch(/^[245]\.\d{1,3}\.\d{1,3}$/);
  if (event.replyCode !== undefined) expect(event.replyCode).toMatch(/^[245]\d\d$/);
  if (event.smtpCommand !== undefined) expect(SMTP_COMMANDS).toContain(event.smtpCommand);
  expect((event.diagnosticCode ?? "").length).toBeLessThanOrEqual(4_000);
  expect((event.explanation ?? "").length).toBeLessThanOrEqual(4_000);
  expect((event.remoteMta ?? "").length).toBeLessThanOrEqual(300);
}

async function expectAnswer(raw: Uint8Array): Promise<void> {
  const start = performance.now();
  const mail = await recognizeMail(raw);
  expect(performance.now() - start).toBeLessThan(PATIENCE_MS);
  expectWellFormed(mail);
}

const MAIL = fc.constantFrom(...MAILS);
const POSITION = fc.double({ min: 0, max: 1, noNaN: true });
const at = (text: string, position: number) => Math.floor(position * text.length);

/** Changes that transport, gateways and attackers make. */
const MUTATIONS: Readonly<Record<string, fc.Arbitrary<(raw: string) => string>>> = {
  "cut off": POSITION.map((end) => (raw) => raw.slice(0, at(raw, end))),
  "without its beginning": POSITION.map((start) => (raw) => raw.slice(at(raw, start))),
  "without a stretch": fc.tuple(POSITION, POSITION).map(([a, b]) => (raw) => {
    const [start, end] = [at(raw, Math.min(a, b)), at(raw, Math.max(a, b))];
    return raw.slice(0, start) + raw.slice(end);
  }),
  "with a line many times": fc.tuple(POSITION, fc.integer({ min: 2, max: 300 })).map(([position, times]) => (raw) => {
    const lines = raw.split("\n");
    const i = Math.floor(position * lines.length);
    return lines.flatMap((line, j) => (i === j ? Array.from({ length: times }, () => line) : [line])).join("\n");
  }),
  "with its lines in another order": fc.integer().map((seed) => (raw) => {
    const lines = raw.split("\n").map((line, i) => ({ line, key: Math.imul(i + 1, seed | 1) >>> 0 }));
    return lines
      .sort((a, b) => a.key - b.key)
      .map(({ line }) => line)
      .join("\n");
  }),
  "with strange characters": fc
    .tuple(POSITION, fc.string({ unit: "binary", maxLength: 60 }))
    .map(([position, text]) => (raw) => {
      const i = at(raw, position);
      return raw.slice(0, i) + text + raw.slice(i);
    }),
  "with a header more": fc
    .tuple(
      fc.constantFrom("From", "Subject", "X-Failed-Recipients", "Content-Type", "Return-Path", "List-Id", "Date", "To"),
      fc.string({ unit: "binary", maxLength: 80 }),
    )
    .map(
      ([name, value]) =>
        (raw) =>
          `${name}: ${value}\n${raw}`,
    ),
  "inside of another": fc.integer({ min: 1, max: 60 }).map((depth) => (raw) => {
    let mail = raw;
    for (let i = 0; i < depth; i++) {
      mail = `From: MAILER-DAEMON@example.org\nSubject: failure notice\nContent-Type: multipart/mixed; boundary="b${i}"\n\n--b${i}\n${i % 2 ? "Content-Type: message/rfc822\n" : ""}\n${mail}\n--b${i}--\n`;
    }
    return mail;
  }),
  "with a huge line": fc
    .tuple(POSITION, fc.constantFrom("a", " ", "<a@b.example>", "550 ", "=?utf-8?B?", "(", ">"))
    .map(([position, unit]) => (raw) => {
      const i = at(raw, position);
      return raw.slice(0, i) + unit.repeat(Math.ceil(30_000 / unit.length)) + raw.slice(i);
    }),
  "with the end of another": fc.tuple(POSITION, MAIL, POSITION).map(
    ([a, other, b]) =>
      (raw) =>
        raw.slice(0, at(raw, a)) + other.slice(at(other, b)),
  ),
};

describe("a mail (fuzz)", { timeout: FUZZ_TIMEOUT_MS }, () => {
  it.each(Object.keys(MUTATIONS))("gets an answer %s", async (name) => {
    const mutation = MUTATIONS[name];
    if (!mutation) throw new Error(name);
    await fc.assert(
      fc.asyncProperty(MAIL, mutation, (raw, mutate) => expectAnswer(utf8Bytes(mutate(raw)))),
      usually(150, 20_240_312),
    );
  });

  it("gets an answer after several changes at once", async () => {
    const several = fc.array(fc.oneof(...Object.values(MUTATIONS)), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(MAIL, several, (raw, mutations) =>
        expectAnswer(utf8Bytes(mutations.reduce((text, mutate) => mutate(text.slice(0, 200_000)), raw))),
      ),
      usually(150, 17),
    );
  });

  it("gets an answer with bytes changed", async () => {
    const changes = fc.array(fc.tuple(POSITION, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(MAIL, changes, async (raw, list) => {
        const bytes = utf8Bytes(raw);
        for (const [position, byte] of list) bytes[Math.floor(position * (bytes.length - 1))] = byte;
        await expectAnswer(bytes);
      }),
      usually(200, 4711),
    );
  });

  it("gets an answer if it is no mail at all", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), expectAnswer), usually(200, 1));
    for (const text of ["", "\n", "\r", "\u0000", ":", "From", "--", "--\n--", "=?", "Content-Type:"]) {
      await expectAnswer(utf8Bytes(text));
    }
  });
});

/** What expressions could stumble over: their own words and signs, again and again. */
const UNITS: readonly string[] = [
  ..." \t.-=*_><()[]{}\"':;,@&#/\\|5a:",
  ...[
    "a@",
    "a@b ",
    "a.",
    "-a",
    "<a ",
    "</",
    "<!--",
    "&#",
    "5.1.",
    "550 ",
    "5.1.1 ",
    "1.2.3.4",
    "host a",
    "host a [",
    "by a [",
  ],
  ...[
    "after a ",
    "for rcpt ",
    "(in reply to ",
    "(expanded from ",
    "to the ",
    "deliver to the ",
    "message to ",
    "unknown user ",
  ],
  ...[
    "mailbox full ",
    "recipient ",
    "failed address ",
    "subject ",
    'subject: "',
    ">>> ",
    "<<< 550 ",
    "--> ",
    "... ",
    "talking to a.",
  ],
  ...[
    "=?utf-8?B?",
    "a=",
    "a; ",
    "X-A: b ",
    "re: ",
    "[a] ",
    "--- ",
    "> ",
    "件名",
    "：",
    "e\u0301",
    "\u00a0",
    "\u200b",
    "contact ",
  ],
];

const REPORT = "Return-Path: <>\nFrom: MAILER-DAEMON@example.org\nTo: jane@example.org\n";
/** Where it is put. */
const PLACES: Readonly<Record<string, (text: string) => string>> = {
  "a line of the text": (text) => `${REPORT}Subject: failure notice\n\nfailed:\n${text}`,
  "lines of the text": (text) => `${REPORT}Subject: failure notice\n\nfailed:\n${text.replace(/.{60}/g, "$&\n")}`,
  "long lines of the text": (text) => `${REPORT}Subject: failure notice\n\nfailed:\n${text.replace(/.{900}/g, "$&\n")}`,
  "the HTML": (text) => `${REPORT}Subject: failure notice\nContent-Type: text/html\n\n<p>failed ${text}`,
  "the subject": (text) => `${REPORT}Subject: ${text}\n\n550 failed`,
  "the author": (text) => `From: ${text}\nSubject: failure notice\n\n550 failed`,
  "the failed recipients": (text) => `${REPORT}X-Failed-Recipients: ${text}\nSubject: failure notice\n\nfailed`,
  "the status fields": (text) =>
    `${REPORT}Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n--B\nContent-Type: message/delivery-status\n\nFinal-Recipient: ${text}\nStatus: ${text}\nDiagnostic-Code: ${text}\n--B--`,
};

describe("a hostile mail", () => {
  it.each(Object.keys(PLACES))("costs in proportion to its size, in %s", async (name) => {
    const place = PLACES[name];
    if (!place) throw new Error(name);
    const costOf = async (unit: string, length: number) => {
      const raw = utf8Bytes(place(unit.repeat(length / unit.length)));
      const times: number[] = [];
      for (let i = 0; i < 3 && (times.at(-1) ?? PATIENCE_MS) > 100; i++) {
        const start = performance.now();
        await recognizeMail(raw);
        times.push(performance.now() - start);
      }
      return Math.min(...times);
    };
    for (const unit of UNITS) {
      const cost = await costOf(unit, 40_000);
      expect(cost, JSON.stringify(unit)).toBeLessThan(PATIENCE_MS);
      // What is dear at this size is dear because it is long, not because it is nasty.
      if (cost > 150) expect(await costOf(unit, 80_000), JSON.stringify(unit)).toBeLessThan(cost * 4 + 200);
    }
  });

  it("of the largest size is read in bounded time", async () => {
    const line = `${"A".repeat(76)}\n`;
    const raw = `${REPORT}Subject: failure notice\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\n<john@example.net>: 550 unknown\n--B\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n${line.repeat(65_000)}--B--`;
    const start = performance.now();
    const { events } = await recognizeMail(utf8Bytes(raw));
    expect(performance.now() - start).toBeLessThan(PATIENCE_MS);
    expect(events).toMatchObject([{ kind: "bounced", recipient: "john@example.net" }]);
  });
});

const SOURCES = import.meta.glob<string>("../../src/mail/*.ts", { query: "?raw", import: "default", eager: true });
const REGEX_LITERAL =
  /(?<=[=(,:[!&|?]\s*)\/(?![*/])((?:\\.|\[(?:\\.|[^\]\\])+\]|[^/\\\n[])+)\/([dgimsuvy]*)(?=[\s.,;)\]}])/g;

/** The expressions of the modules: those written out, and those of the tables. */
function expressions(): RegExp[] {
  const literals = Object.values(SOURCES).flatMap((source) =>
    [...source.matchAll(REGEX_LITERAL)].map(([, pattern, flags]) => new RegExp(pattern ?? "", flags?.replace("g", ""))),
  );
  const tables = [...RECIPIENT_SHAPES, ...RECIPIENT_PHRASES].map(({ pattern }) => new RegExp(pattern, "i"));
  return [...literals, ...tables];
}

describe("an expression", () => {
  const EXPRESSIONS = expressions();

  it("is found in the modules", () => {
    expect(EXPRESSIONS.length).toBeGreaterThan(150);
  });

  it("does not stumble over a line of its own characters", () => {
    for (const expression of EXPRESSIONS) {
      const own = [...new Set(expression.source.replace(/\\[a-z]|\(\?[<:=!a-z]*/gi, ""))].slice(0, 40);
      for (const unit of [...UNITS, ...own, own.join("")].filter((text) => text !== "")) {
        const line = `${unit.repeat(3_000 / unit.length)}\u0001`;
        const start = performance.now();
        expression.test(line);
        expect(performance.now() - start, `${expression} on ${JSON.stringify(unit)}`).toBeLessThan(200);
      }
    }
  });
});
