/**
 * A POP3 session (RFC 1939) from greeting to QUIT, over any stream of bytes.
 *
 * - Nothing is taken for received that did not come to its end.
 * - Nothing waits for ever: each answer has its time, and so has the session.
 * - A failure other than a plain refusal ends the connection; what was marked for deletion then stays on the server.
 * - Credentials are never sent readable where encryption was asked for.
 */
import { base64Of, utf8Bytes } from "../crypto/encoding";
import { fail, ok, type Result } from "../domain/result";
import { ResponseReader } from "./response";
import type { MailboxSettings } from "./settings";
import { answered, Pop3Error, type Pop3Failure, pop3Error, type Wire } from "./wire";

export interface SessionLimits {
  /** For each answer, and for each piece of a long one. */
  readonly answerTimeoutMs: number;
  /** For the answer to QUIT: that is when the server deletes. */
  readonly quitTimeoutMs: number;
  /** For the session as a whole. */
  readonly sessionTimeoutMs: number;
  /** A larger mail is not taken. */
  readonly maxMailBytes: number;
  /** Mails of a listing beyond this are not looked at. */
  readonly maxListed: number;
}

/** A mail as the server lists it. */
export interface ListedMail {
  /** Its number, good for this session only. */
  readonly number: number;
  /** Its unique id; `null` where it has none of its own: missing, unusable, or the same as another's. */
  readonly uidl: string | null;
  /** As announced, which need not be true; `null`: not announced. */
  readonly bytes: number | null;
}

export interface Listing {
  readonly mails: readonly ListedMail[];
  /** Are these all of the mailbox? */
  readonly isComplete: boolean;
}

export type Login = Pick<MailboxSettings, "tls" | "authProtocol" | "username" | "password">;

/** RFC 2449 §8 and RFC 3206: the server wants us to come again later, and nothing is wrong. */
const BUSY_CODES = ["IN-USE", "LOGIN-DELAY"];
/** The words of RFC 1939 §7 for the same, from before there were codes. */
const BUSY_WORDS = /maildrop already locked|\bin use\b/i;
/** RFC 1939 §7 allows 70 characters from ! to ~; some servers give more. */
const UIDL_LINE = /^(\d{1,10})[ \t]{1,8}([\x21-\x7e]{1,250})[ \t]{0,8}$/;
const LIST_LINE = /^(\d{1,10})[ \t]{1,8}(\d{1,15})(?!\d)/;
const MAX_QUOTED_LENGTH = 200;
const HANDSHAKE_FAILED: Pop3Failure = {
  code: "connect_failed",
  detail: "TLS could not be started after STLS: the certificate is not trusted, not current, or of another name.",
};

/** One session, from `open` to `quit` or `close`. Commands are sent one at a time. */
export class Pop3Session {
  #reader: ResponseReader;
  #isClosed = false;
  #answerTimeoutMs: number;
  /** From STLS to the first answer: the platform tells of a failed handshake no earlier than by the first use. */
  #isHandshaking = false;
  readonly #endsAt: number;
  /** What must never be quoted. */
  readonly #secrets: readonly string[];

  private constructor(
    private wire: Wire,
    private readonly login: Login,
    private readonly limits: SessionLimits,
    private readonly now: () => number,
  ) {
    this.#reader = this.#readerOf(wire);
    this.#endsAt = now() + limits.sessionTimeoutMs;
    this.#answerTimeoutMs = limits.answerTimeoutMs;
    this.#secrets = [login.password, base64Of(utf8Bytes(plainResponse(login)))];
  }

  /**
   * Greets, encrypts where that is left to STLS, and signs in. Closes the wire when it fails.
   *
   * @param now epoch ms
   */
  static async open(
    wire: Wire,
    login: Login,
    limits: SessionLimits,
    now: () => number,
  ): Promise<Result<Pop3Session, Pop3Failure>> {
    const session = new Pop3Session(wire, login, limits, now);
    const opened = await session.#attempt(async () => {
      await session.#answer();
      if (login.tls === "starttls") await session.#encrypt();
      await session.#signIn();
      return session;
    });
    if (!opened.ok) session.close();
    return opened;
  }

  /** What is in the mailbox, by UIDL and LIST. Fails with `no_uidl` where the server has no unique ids. */
  async list(): Promise<Result<Listing, Pop3Failure>> {
    return this.#attempt(async () => {
      const { maxListed } = this.limits;
      const sizes = await this.#table("LIST", LIST_LINE, "refused");
      const uidls = await this.#table("UIDL", UIDL_LINE, "no_uidl");
      const shared = repeated(uidls.values());
      const numbers = [...new Set([...sizes.keys(), ...uidls.keys()])].sort((a, b) => a - b);
      const mails = numbers.slice(0, maxListed).map((number) => {
        const uidl = uidls.get(number);
        const size = sizes.get(number);
        return {
          number,
          uidl: uidl === undefined || shared.has(uidl) ? null : uidl,
          bytes: size === undefined ? null : Number(size),
        };
      });
      return { mails, isComplete: sizes.size <= maxListed && uidls.size <= maxListed };
    });
  }

  /**
   * The bytes of a mail.
   *
   * @param expectedBytes as announced: only a hint
   */
  async retrieve(number: number, expectedBytes: number): Promise<Result<Uint8Array, Pop3Failure>> {
    return this.#attempt(async () => {
      await this.#command(`RETR ${number}`);
      return this.#reader.mail(this.limits.maxMailBytes, expectedBytes);
    });
  }

  /** Marks a mail for deletion. It goes when the session ends with `quit`, and not before. */
  async markDeleted(number: number): Promise<Result<void, Pop3Failure>> {
    return this.#attempt(() => this.#command(`DELE ${number}`));
  }

  /** Ends the session. Only when this succeeds are the marked mails gone (RFC 1939 §6). */
  async quit(): Promise<Result<void, Pop3Failure>> {
    this.#answerTimeoutMs = this.limits.quitTimeoutMs;
    const ended = await this.#attempt(() => this.#command("QUIT"));
    this.close();
    return ended;
  }

  /** Ends the connection without a word: nothing is deleted. */
  close(): void {
    this.#isClosed = true;
    this.wire.close();
  }

  /** Has the connection ended, by us or by a failure? */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** A refusal leaves the session as it is; after anything else there is no telling what the next bytes mean. */
  async #attempt<T>(run: () => Promise<T>): Promise<Result<T, Pop3Failure>> {
    try {
      return ok(await run());
    } catch (error) {
      if (!(error instanceof Pop3Error)) throw error;
      const { failure } = error;
      if (failure.code !== "refused") this.close();
      return fail(this.#isHandshaking && failure.code === "cut_off" ? HANDSHAKE_FAILED : failure);
    }
  }

  async #encrypt(): Promise<void> {
    await this.#command("STLS", "starttls_refused");
    // What was sent in the clear before the handshake must not be read as if it had come after it.
    this.#requireSilence();
    this.#isHandshaking = true;
    const secured = this.wire.startTls().catch(() => {
      throw new Pop3Error(HANDSHAKE_FAILED);
    });
    this.wire = await this.#patiently(secured);
    this.#reader = this.#readerOf(this.wire);
  }

  async #signIn(): Promise<void> {
    const { authProtocol, username, password } = this.login;
    if (authProtocol === "userpass") {
      await this.#command(`USER ${username}`, "login_failed");
      await this.#command(`PASS ${password}`, "login_failed");
      return;
    }
    const invitation = await this.#ask("AUTH PLAIN");
    if (!invitation.startsWith("+")) throw this.#refusal(invitation, "login_failed");
    await this.#command(base64Of(utf8Bytes(plainResponse(this.login))), "login_failed");
  }

  /** Sends a command and insists on `+OK`. */
  async #command(command: string, refusedAs: RefusalCode = "refused"): Promise<void> {
    const answer = await this.#ask(command);
    if (!/^\+OK\b/i.test(answer)) throw this.#refusal(answer, refusedAs);
  }

  /** The greeting: an answer to nothing. */
  async #answer(): Promise<void> {
    const greeting = await this.#reader.line();
    if (!/^\+OK\b/i.test(greeting)) throw this.#refusal(greeting, "refused");
  }

  async #ask(command: string): Promise<string> {
    this.#requireSilence();
    const write = this.wire.write(utf8Bytes(`${command}\r\n`));
    await this.#patiently(
      write.catch(() => {
        throw pop3Error("cut_off", "The connection broke while a command was sent.");
      }),
    );
    const answer = await this.#reader.line();
    this.#isHandshaking = false;
    return answer;
  }

  /** Sends a command whose answer is lines, one for each mail, up to one with a dot. Other lines are passed over. */
  async #table(command: string, row: RegExp, refusedAs: RefusalCode): Promise<Map<number, string>> {
    await this.#command(command, refusedAs);
    const table = new Map<number, string>();
    for (let line = await this.#reader.line(); line !== "."; line = await this.#reader.line()) {
      const [, number, value] = row.exec(line) ?? [];
      // One more than are looked at, to know that there are more.
      if (number !== undefined && value !== undefined && table.size <= this.limits.maxListed)
        table.set(Number(number), value);
    }
    return table;
  }

  #requireSilence(): void {
    if (!this.#reader.isDrained) throw pop3Error("not_pop3", "The server said more than it was asked for.");
  }

  #refusal(answer: string, refusedAs: RefusalCode): Pop3Error {
    const said = this.#quoted(answer);
    const [, code = ""] = /^-ERR \[([A-Z/-]{1,30})/i.exec(answer) ?? [];
    if (!/^-ERR\b/i.test(answer)) return pop3Error("not_pop3", `The server does not speak POP3. It said: ${said}`);
    if (BUSY_CODES.includes(code.toUpperCase()) || BUSY_WORDS.test(answer)) {
      return pop3Error("busy", `The server wants us to come again later. It said: ${said}`);
    }
    return pop3Error(refusedAs, `${REFUSALS[refusedAs]} The server said: ${said}`);
  }

  /** The server's words for operators: short, printable, and without our credentials. */
  #quoted(answer: string): string {
    const text = this.#secrets.reduce((words, secret) => words.replaceAll(secret, "…"), answer);
    return text.replace(/[^\x20-\x7e…]/g, "?").slice(0, MAX_QUOTED_LENGTH);
  }

  #readerOf(wire: Wire): ResponseReader {
    return new ResponseReader(() =>
      this.#patiently(
        wire.read().catch(() => {
          throw pop3Error("cut_off", "The connection broke while an answer was read.");
        }),
      ),
    );
  }

  #patiently<T>(work: Promise<T>): Promise<T> {
    const leftMs = Math.max(0, this.#endsAt - this.now());
    return leftMs < this.#answerTimeoutMs
      ? answered(work, leftMs, "The session took too long.")
      : answered(work, this.#answerTimeoutMs, "The server did not answer in time.");
  }
}

type RefusalCode = "refused" | "login_failed" | "starttls_refused" | "no_uidl";

const REFUSALS: Readonly<Record<RefusalCode, string>> = {
  refused: "The server refused a command.",
  login_failed: "The server refused to sign us in.",
  starttls_refused: "The server does not offer STARTTLS here, and nothing is sent unencrypted instead.",
  no_uidl: "The server has no unique ids (UIDL), without which mails cannot be told apart.",
};

/** RFC 4616: no authorization identity. */
function plainResponse({ username, password }: Login): string {
  return `\0${username}\0${password}`;
}

function repeated(values: Iterable<string>): Set<string> {
  const seen = new Set<string>();
  const again = new Set<string>();
  for (const value of values) (seen.has(value) ? again : seen).add(value);
  return again;
}
