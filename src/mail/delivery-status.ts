/** The fields of a delivery status notification (RFC 3464), also as MTAs get them wrong. */
import { statusCodeIn } from "../domain/delivery-status";
import { firstAddressIn, sameAddress } from "./address-text";
import { type Field, fieldBlocksOf, fieldValue } from "./header-fields";

/** What the notification states about one recipient, field by field. */
export interface StatusRecord {
  /** Whom the sender addressed; absent where no field holds an address. */
  readonly recipient?: string | undefined;
  /** Where it failed in the end, where that is another address. */
  readonly finalRecipient?: string | undefined;
  /** Lower case: `failed`, `delayed`, `delivered`, `relayed`, `expanded`, or whatever an MTA makes of it. */
  readonly action?: string | undefined;
  readonly statusCode?: string | undefined;
  /** All of them, without their types. */
  readonly diagnostic?: string | undefined;
  readonly remoteMta?: string | undefined;
  /** PowerMTA's bounce category. */
  readonly category?: string | undefined;
}

/** A field that only a recipient's block has. */
const RECIPIENT_FIELDS = new Set([
  "final-recipient",
  "original-recipient",
  "action",
  "status",
  "diagnostic-code",
  "remote-mta",
  "x-actual-recipient",
]);
/** Which field names the recipient, best first. */
const ADDRESSED = ["original-recipient", "x-original-recipient"];
const FINAL = ["final-recipient", "x-actual-recipient", "x-failed-recipient", "x-failed-recipients", "recipient"];
/** The reply, and what gateways to X.400 know beside it. */
const DIAGNOSTIC = new Set(["diagnostic-code", "x400-supplementary-info", "x-supplementary-info"]);
/** More recipients than any notification has. */
const MAX_RECORDS = 1_000;

/** @param text of one delivery status part */
export function statusRecordsIn(text: string): StatusRecord[] {
  const records = recipientBlocks(text).slice(0, MAX_RECORDS).map(recordOf);
  const distinct: StatusRecord[] = [];
  for (const record of records) {
    const known = distinct.findIndex((other) => isSameRecipient(other, record));
    if (known < 0) distinct.push(record);
    else distinct[known] = merged(distinct[known] as StatusRecord, record);
  }
  return distinct;
}

/** Blocks without an empty line between them are parted where a field comes again. */
function recipientBlocks(text: string): Field[][] {
  return fieldBlocksOf(text)
    .flatMap(splitAtRepetition)
    .filter((fields) => fields.some((field) => RECIPIENT_FIELDS.has(field.name)));
}

function splitAtRepetition(fields: readonly Field[]): Field[][] {
  const blocks: Field[][] = [[]];
  for (const field of fields) {
    const current = blocks.at(-1) as Field[];
    const begins = field.name === "final-recipient" || field.name === "original-recipient";
    if (begins && current.some((other) => other.name === field.name)) blocks.push([field]);
    else current.push(field);
  }
  return blocks;
}

function recordOf(fields: readonly Field[]): StatusRecord {
  const addressed = firstAddressOf(fields, ADDRESSED);
  const final = firstAddressOf(fields, FINAL);
  const diagnostics = fields.filter(({ name, value }) => DIAGNOSTIC.has(name) && value !== "");
  return {
    recipient: addressed ?? final,
    finalRecipient:
      addressed !== undefined && final !== undefined && !sameAddress(addressed, final) ? final : undefined,
    action: /^[a-z-]{1,40}/.exec(fieldValue(fields, "action")?.toLowerCase() ?? "")?.[0],
    statusCode: statusCodeIn(fieldValue(fields, "status")) ?? looseStatus(fieldValue(fields, "status")),
    diagnostic: diagnostics.length ? diagnostics.map((field) => withoutType(field.value)).join(" ") : undefined,
    remoteMta: remoteMtaOf(fieldValue(fields, "remote-mta")),
    category: /^[a-z-]{1,60}/.exec(fieldValue(fields, "x-powermta-bouncecategory")?.toLowerCase() ?? "")?.[0],
  };
}

function firstAddressOf(fields: readonly Field[], names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fieldValue(fields, name);
    const address = value === undefined ? undefined : addressOfField(value);
    if (address !== undefined) return address;
  }
  return undefined;
}

/** `rfc822; <john@example.com>`, also without its type, also in X.400's manner. */
function addressOfField(value: string): string | undefined {
  const bare = value.replace(/^\s*[A-Za-z0-9-]+\s*;\s*/, "");
  const xtext = bare.replace(/\+([0-9A-F]{2})(?=[^@]*@)/g, (whole, hex: string) =>
    // RFC 3461 §4: `+2B` for a plus, `+3D` for an equals sign; anything else is part of the address.
    hex === "2B" || hex === "3D" ? String.fromCharCode(Number.parseInt(hex, 16)) : whole,
  );
  return firstAddressIn(xtext);
}

/** `5.1.1` with blanks or a word around it has been found already; `511` and `5.1` are seen too. */
function looseStatus(value: string | undefined): string | undefined {
  const match = /^\s*([245])[.\s]?(\d)[.\s]?(\d{1,3})\s*$/.exec(value ?? "");
  return match ? `${match[1]}.${match[2]}.${match[3]}` : undefined;
}

function withoutType(value: string): string {
  return value.replace(/^\s*(?:x-)?[a-z][a-z0-9_-]{0,40}\s*;\s*/i, "").trim();
}

function remoteMtaOf(value: string | undefined): string | undefined {
  const name = value?.replace(/^\s*[A-Za-z0-9-]+\s*;\s*/, "").trim();
  return name === undefined || name === "" ? undefined : hostName(/^\S{1,255}/.exec(name)?.[0] ?? "");
}

/** `mx.example.com.`, `<mx.example.com>` → `mx.example.com` */
function hostName(name: string): string | undefined {
  return name.replace(/^<|[>.,;]{1,5}$/g, "") || undefined;
}

function isSameRecipient(a: StatusRecord, b: StatusRecord): boolean {
  if (a.recipient === undefined || b.recipient === undefined) return false;
  return (
    sameAddress(a.recipient, b.recipient) && (a.action === b.action || a.action === undefined || b.action === undefined)
  );
}

function merged(a: StatusRecord, b: StatusRecord): StatusRecord {
  return { ...b, ...Object.fromEntries(Object.entries(a).filter(([, value]) => value !== undefined)) };
}
