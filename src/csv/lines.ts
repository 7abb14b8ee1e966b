/** Text by lines, in constant memory: NDJSON, and lists of one address a line. */

/** Longest line that is taken in, in UTF-16 units. */
export const MAX_LINE_LENGTH = 65_536;

export interface Line {
  /** Counted from 1. */
  readonly line: number;
  /** Without its end (LF, CRLF or CR); empty where there is a problem. */
  readonly text: string;
  /** Longer than is taken in: it was passed over, and the next line is read as if nothing had been. */
  readonly problem: "too_long" | null;
}

/** Cuts text into lines, piece by piece: every line but those that are empty. */
export class LineSplitter {
  readonly #maxLength: number;
  #rest = "";
  #line = 1;
  /** Within a line that is too long, up to its end. */
  #isSkipping = false;
  /** The piece before ended with CR: a LF that comes next belongs to it. */
  #afterCarriageReturn = false;

  constructor(maxLength = MAX_LINE_LENGTH) {
    this.#maxLength = maxLength;
  }

  push(piece: string): Line[] {
    const lines: Line[] = [];
    const text = this.#rest + (this.#afterCarriageReturn && piece.startsWith("\n") ? piece.slice(1) : piece);
    if (piece !== "") this.#afterCarriageReturn = false;
    let from = 0;
    for (let end = lineEnd(text, from); end < text.length; end = lineEnd(text, from)) {
      this.#take(text.slice(from, end), lines);
      this.#afterCarriageReturn = text[end] === "\r" && end + 1 === text.length;
      from = end + (text.startsWith("\r\n", end) ? 2 : 1);
    }
    this.#rest = text.slice(from);
    if (this.#rest.length > this.#maxLength) {
      if (!this.#isSkipping) lines.push({ line: this.#line, text: "", problem: "too_long" });
      this.#isSkipping = true;
      this.#rest = "";
    }
    return lines;
  }

  /** What is left when nothing follows. */
  end(): Line[] {
    const lines: Line[] = [];
    this.#take(this.#rest, lines);
    this.#rest = "";
    return lines;
  }

  #take(text: string, lines: Line[]): void {
    const line = this.#line++;
    if (this.#isSkipping) this.#isSkipping = false;
    else if (text.length > this.#maxLength) lines.push({ line, text: "", problem: "too_long" });
    else if (text !== "") lines.push({ line, text, problem: null });
  }
}

/** Where the line that begins at `from` ends: at its LF or CR, or at the end of the text. */
export function lineEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 10 || code === 13) break;
    at++;
  }
  return at;
}
