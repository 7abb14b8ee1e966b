/** Header fields (RFC 5322 §2.2): of a mail, of a delivery status block, of a feedback report. */

export interface Field {
  /** Lower case. */
  readonly name: string;
  /** Unfolded, trimmed. */
  readonly value: string;
}

/** A name and a colon; RFC 5322 allows more characters than anybody uses, and blanks before the colon are seen. */
const FIELD_LINE = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,99})[ \t]*:(.*)$/;
const LINE_END = /\r\n|\r|\n/;

/** By any of the three ends of a line that occur, without them. */
export function linesOf(text: string): string[] {
  return text.split(LINE_END);
}

/**
 * The fields of a block of lines, continuation lines joined by one blank. Lines that are neither are left out: some
 * MTAs forget to fold.
 */
export function fieldsOf(lines: readonly string[]): Field[] {
  const fields: { name: string; value: string }[] = [];
  for (const line of lines) {
    const last = fields.at(-1);
    const match = FIELD_LINE.exec(line);
    if (match && !/^[ \t]/.test(line)) {
      fields.push({ name: (match[1] ?? "").toLowerCase(), value: (match[2] ?? "").trim() });
    } else if (last && /^[ \t]/.test(line) && line.trim() !== "") {
      last.value = last.value === "" ? line.trim() : `${last.value} ${line.trim()}`;
    }
  }
  return fields;
}

/** The blocks of a text that is parted by empty lines, each as its fields; empty blocks are left out. */
export function fieldBlocksOf(text: string): Field[][] {
  const blocks: string[][] = [[]];
  for (const line of linesOf(text)) {
    if (line.trim() === "") blocks.push([]);
    else blocks.at(-1)?.push(line);
  }
  return blocks.map(fieldsOf).filter((fields) => fields.length > 0);
}

/** The first value of a field that is not empty. */
export function fieldValue(fields: readonly Field[], name: string): string | undefined {
  return fields.find((field) => field.name === name && field.value !== "")?.value;
}
