/**
 * Reads POP3 answers off a stream of bytes (RFC 1939 §3): lines, and the bytes of a mail up to the line with the dot.
 * Chunks may end anywhere; what is cut off is never taken for complete.
 */
import { type Pop3Error, pop3Error } from "./wire";

const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;
/** RFC 2449 §4 allows 512 octets; some servers greet at length. */
const MAX_LINE_BYTES = 8 * 1024;
const FIRST_CAPACITY_BYTES = 64 * 1024;
/** A line break, the dot and its line break. */
const TERMINATOR_BYTES = 5;
const ONE_BYTE_ONE_CHARACTER = new TextDecoder("windows-1252");

/** The next bytes, at least one; `null`: there are no more. */
type Receive = () => Promise<Uint8Array | null>;

/** @throws Pop3Error from every method, where an answer is not what it must be or breaks off */
export class ResponseReader {
  #rest: Uint8Array = new Uint8Array();

  constructor(private readonly receive: Receive) {}

  /** Has everything been read that has come? Otherwise the server said more than it was asked. */
  get isDrained(): boolean {
    return this.#rest.length === 0;
  }

  /** The next line, without its line break (CRLF; a bare LF is understood). */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf(LF);
      if (end > MAX_LINE_BYTES || (end < 0 && this.#rest.length > MAX_LINE_BYTES)) {
        throw pop3Error("not_pop3", "The server sent a line that is too long for an answer.");
      }
      if (end >= 0) {
        const line = this.#rest.subarray(0, this.#rest[end - 1] === CR ? end - 1 : end);
        this.#rest = this.#rest.subarray(end + 1);
        return ONE_BYTE_ONE_CHARACTER.decode(line);
      }
      this.#rest = joined(this.#rest, await this.#more());
    }
  }

  /**
   * The bytes of a mail, with stuffed dots taken off and without the line that ends it.
   *
   * @param maxBytes more of them are refused while they come in, whatever the server announced
   * @param expectedBytes the announced size: it saves copying, and may be wrong
   */
  async mail(maxBytes: number, expectedBytes: number): Promise<Uint8Array> {
    const end = new MailEnd();
    const limit = maxBytes + TERMINATOR_BYTES;
    let bytes = new Uint8Array(Math.min(expectedBytes + FIRST_CAPACITY_BYTES, limit));
    let length = 0;
    for (let chunk = this.#take(); ; chunk = await this.#more()) {
      if (length + chunk.length > bytes.length) bytes = grown(bytes, length + chunk.length, limit);
      bytes.set(chunk, length);
      length += chunk.length;
      const found = end.find(bytes, length);
      if (found) {
        this.#rest = bytes.slice(found.after, length);
        const mail = unstuffed(bytes.subarray(0, found.at), end.isTolerant);
        if (mail.length > maxBytes) throw tooLarge(maxBytes);
        return mail;
      }
      if (length > limit) throw tooLarge(maxBytes);
    }
  }

  #take(): Uint8Array {
    const bytes = this.#rest;
    this.#rest = new Uint8Array();
    return bytes;
  }

  async #more(): Promise<Uint8Array> {
    const bytes = await this.receive();
    if (bytes === null) throw pop3Error("cut_off", "The server ended the connection in the middle.");
    return bytes;
  }
}

/**
 * Finds the line that is a dot and nothing else, in bytes that grow.
 *
 * A mail may hold bare line feeds, and only `CRLF . CRLF` ends it: after a bare LF a line with a dot is the mail's own.
 * A server that ends the first line of a mail with a bare LF uses them throughout; then LF ends lines.
 */
class MailEnd {
  isTolerant = false;
  #lineStart = 0;
  /** Where the next line feed is looked for. */
  #from = 0;
  #isFirstLine = true;
  /** Did the line before end as lines of this mail do? */
  #isAfterBreak = true;

  /** @returns where the mail ends, and where the line with the dot does */
  find(bytes: Uint8Array, length: number): { readonly at: number; readonly after: number } | null {
    const view = bytes.subarray(0, length);
    for (let end = view.indexOf(LF, this.#from); end >= 0; end = view.indexOf(LF, this.#from)) {
      const start = this.#lineStart;
      const isCrlf = end > start && view[end - 1] === CR;
      const isDot = view[start] === DOT && end - start === (isCrlf ? 2 : 1);
      if (this.#isFirstLine) this.isTolerant = !isCrlf;
      const isBreak = isCrlf || this.isTolerant;
      if (isDot && isBreak && this.#isAfterBreak) return { at: start, after: end + 1 };
      this.#isFirstLine = false;
      this.#isAfterBreak = isBreak;
      this.#lineStart = end + 1;
      this.#from = end + 1;
    }
    this.#from = length;
    return null;
  }
}

/** Takes the first dot off each line that begins with one (RFC 1939 §3), in place. */
function unstuffed(bytes: Uint8Array, isTolerant: boolean): Uint8Array {
  let kept = 0;
  let from = 0;
  let isAfterBreak = true;
  while (from < bytes.length) {
    const lf = bytes.indexOf(LF, from);
    const end = lf < 0 ? bytes.length : lf + 1;
    const start = isAfterBreak && bytes[from] === DOT ? from + 1 : from;
    isAfterBreak = isTolerant || (lf > from && bytes[lf - 1] === CR);
    if (start !== kept) bytes.copyWithin(kept, start, end);
    kept += end - start;
    from = end;
  }
  return bytes.subarray(0, kept);
}

function tooLarge(maxBytes: number): Pop3Error {
  return pop3Error("too_large", `The mail is larger than ${maxBytes} bytes.`);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

/** Room for at least what is needed: twice as much as before, but not beyond what may ever come. */
function grown(bytes: Uint8Array, needed: number, limit: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(needed, Math.min(bytes.length * 2, limit)));
  larger.set(bytes);
  return larger;
}
