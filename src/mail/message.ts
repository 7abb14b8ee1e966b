/**
 * A raw mail, taken apart: `postal-mime` for MIME (RFC 2045–2049), and around it what bounces get wrong: mbox lines,
 * bare carriage returns, no empty line, HTML only.
 */
import PostalMime, { decodeWords } from "postal-mime";
import { type Field, fieldValue } from "./header-fields";
import { textOfHtml } from "./html-text";

/** A part that is no text to read: a report, a returned mail, a file. */
export interface MailPart {
  /** Lower case, without parameters. */
  readonly type: string;
  readonly content: Uint8Array;
  readonly filename?: string | undefined;
}

export interface MailMessage {
  readonly headers: readonly Field[];
  /** The first value of a header that is not empty, with encoded words decoded. */
  readonly header: (name: string) => string | undefined;
  /** The media type of the whole: `multipart/report`. */
  readonly type: string;
  /** The `report-type` of a multipart/report (RFC 6522), lower case. */
  readonly reportType: string | undefined;
  /** What a reader sees: the plain text, else the text of the HTML. */
  readonly text: string;
  /** In their order. */
  readonly parts: readonly MailPart[];
  /** The whole mail as text, one character a byte where it is not UTF-8: the last resort. */
  readonly source: () => string;
}

/** Mails nest returned mails; more than this is somebody's joke. */
const MAX_NESTING_DEPTH = 20;
const MAX_HEADERS_BYTES = 256 * 1024;
/** The beginning of a longer mail holds the report; the rest is what was returned. */
export const MAX_MAIL_BYTES = 4 * 1024 * 1024;
/** What a mail costs is counted in lines. This many is a megabyte and a half of base64. */
const MAX_MAIL_LINES = 20_000;

const CR = 0x0d;
const LF = 0x0a;
/** UTF-8. */
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Takes a mail apart. Never throws on hostile input: what MIME cannot read is plain text.
 *
 * @param raw the bytes as they came
 */
export async function parseMail(raw: Uint8Array): Promise<MailMessage> {
  const bytes = withoutLastLines(tidy(raw.subarray(0, MAX_MAIL_BYTES)));
  let source: string | undefined;
  const decoded = () => {
    source ??= textOfBytes(bytes);
    return source;
  };
  try {
    const mail = await PostalMime.parse(bytes, {
      // A returned mail is evidence, never text of the report; also one that is to be shown inline.
      forceRfc822Attachments: true,
      maxNestingDepth: MAX_NESTING_DEPTH,
      maxHeadersSize: MAX_HEADERS_BYTES,
    });
    const headers = mail.headers.map(({ key, value }) => ({ name: key, value: decodeWords(value).trim() }));
    const contentType = fieldValue(headers, "content-type") ?? "";
    const parts = mail.attachments.map(({ mimeType, content, filename }) => ({
      type: mimeType.toLowerCase(),
      content: bytesOfContent(content),
      filename: filename ?? undefined,
    }));
    return {
      headers,
      header: (name) => fieldValue(headers, name),
      type: (/^[^;\s]+/.exec(contentType)?.[0] ?? "text/plain").toLowerCase(),
      reportType: /;\s*report-type\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1]?.toLowerCase(),
      text: readableText(mail.text, mail.html) || (parts.length ? "" : bodyOf(decoded())),
      parts,
      source: decoded,
    };
  } catch {
    const text = bodyOf(decoded());
    return {
      headers: [],
      header: () => undefined,
      type: "text/plain",
      reportType: undefined,
      text,
      parts: [],
      source: decoded,
    };
  }
}

/** The text part, the HTML where that has none, and both where only the HTML names an address. */
function readableText(text: string | undefined, html: string | undefined): string {
  if (!html || text?.includes("@")) return text ?? "";
  const rendered = textOfHtml(html).trim();
  if (!text?.trim()) return rendered;
  return rendered.includes("@") ? `${text}\n\n${rendered}` : text;
}

/** What follows the header: of a mail whose MIME yields nothing, a boundary that was cut off, say. */
function bodyOf(source: string): string {
  const end = /\r?\n\r?\n/.exec(source);
  return end ? source.slice(end.index) : source;
}

/** UTF-8 where it is, else one character a byte. */
export function textOfBytes(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function bytesOfContent(content: ArrayBuffer | Uint8Array | string): Uint8Array {
  if (typeof content === "string") return new TextEncoder().encode(content);
  return content instanceof Uint8Array ? content : new Uint8Array(content);
}

/** Without a byte order mark, empty lines, mbox's "From " line and the like at the top; with line ends that MIME knows. */
function tidy(raw: Uint8Array): Uint8Array {
  let bytes = hasBareReturnsOnly(raw) ? raw.map((byte) => (byte === CR ? LF : byte)) : raw;
  let start = BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte) ? BYTE_ORDER_MARK.length : 0;
  while (start < bytes.length && (bytes[start] === LF || bytes[start] === CR)) start++;
  bytes = bytes.subarray(start);
  // "From " or ">From ": an envelope line that a mailbox file puts before each mail.
  if (/^>?From [^\r\n:]*[\r\n]/.test(new TextDecoder("windows-1252").decode(bytes.subarray(0, 1_000)))) {
    const end = bytes.indexOf(LF);
    if (end >= 0) bytes = bytes.subarray(end + 1);
  }
  return bytes;
}

function withoutLastLines(bytes: Uint8Array): Uint8Array {
  let end = -1;
  for (let lines = 0; lines < MAX_MAIL_LINES; lines++) {
    end = bytes.indexOf(LF, end + 1);
    if (end < 0) return bytes;
  }
  return bytes.subarray(0, end + 1);
}

function hasBareReturnsOnly(bytes: Uint8Array): boolean {
  return bytes.includes(CR) && !bytes.includes(LF);
}
