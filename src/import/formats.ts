/** The formats that are recognized, by their columns. */
import type { Format } from "./format";
import { PROVIDER_FORMATS } from "./provider-formats";
import { REASON_WORDS } from "./words";

/** Anything with a column of addresses. */
export const GENERIC: Format = {
  id: "generic",
  title: "A list with a column of addresses",
  columns: [],
  recipient: ["recipient", "email", "emailaddress", "address", "mail", "mailaddress", "subscriber", "contact", "to"],
  occurredAt: ["occurredat", "createdat", "created", "suppressedat", "since", "date", "timestamp", "time", "addedat"],
  expiresAt: ["expiresat", "until", "expires", "expiry"],
  statusCode: ["statuscode"],
  diagnosticCode: ["diagnosticcode", "diagnostic", "error", "smtpresponse"],
  note: ["note", "notes", "comment", "description"],
  meaning: {
    columns: ["reason", "type", "suppressiontype", "suppressionreason", "bouncetype", "source", "origin"],
    words: REASON_WORDS,
    otherwise: "manual",
  },
};

/** Addresses without a header: one a line, or with a reason behind it, as Amazon SES takes them. */
export const LIST: Format = {
  id: "list",
  title: "Addresses, one a line",
  columns: [],
  recipient: ["recipient"],
  meaning: { columns: ["reason"], words: REASON_WORDS, otherwise: "manual" },
};

const OWN: readonly Format[] = [
  {
    id: "bouncekeeper",
    title: "Our own export of the suppression list",
    columns: ["recipient", "reasons", "since", "until", "provider", "kind"],
    recipient: ["recipient"],
    occurredAt: ["since"],
    expiresAt: ["until"],
    statusCode: ["statuscode"],
    diagnosticCode: ["diagnosticcode"],
    note: ["note"],
    meaning: { columns: ["reasons"], isList: true, words: REASON_WORDS, otherwise: "manual" },
  },
  {
    id: "bouncekeeper-events",
    title: "Our own export of the journal",
    columns: ["recipient", "provider", "connection", "kind", "class", "occurredat"],
    recipient: ["recipient"],
    meaning: "none",
    refused: "This is an export of the journal, not of the suppression list. POST /v1/events takes events.",
  },
];

/** Of those whose columns a list has, the one with the most of them is what it is read as; of several the first. */
export const FORMATS: readonly Format[] = [...OWN, ...PROVIDER_FORMATS, GENERIC, LIST];

/** Those that somebody may name. */
export const FORMAT_IDS = FORMATS.filter((format) => !format.refused).map((format) => format.id);
