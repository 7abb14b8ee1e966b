/** What all senders' records are made of. */
import { createRandom } from "./random.mjs";

/** A sender's word for an event: that of its category, else of its class, else of its kind; `undefined`: it tells of no such thing. */
export function wordOf({ words }, { category, class: bounceClass, kind }) {
  return [category, bounceClass, kind].map((name) => words[name]).find((word) => word !== undefined);
}

export const secondsOf = ({ at }) => Math.floor(at / 1000);
export const isoOf = ({ at }) => new Date(at).toISOString();
/** `2026-11-21 10:00:00`, which is UTC. */
export const zonelessOf = (event) => isoOf(event).slice(0, 19).replace("T", " ");
/** The receiver's reply: `550 5.1.1 User unknown`. */
export const replyOf = ({ reply, text }) => reply && `${reply} ${text}`;
export const messageIdOf = ({ messageId }) => `<${messageId}>`;
/** Ids that are functions of the event's. */
export const hexOf = ({ id }, length = 24) => createRandom(id).hex(length);
export const numberOf = (event) => Number.parseInt(hexOf(event, 12), 16);

/** How records become a body. */
export const form = ([fields]) => new URLSearchParams(fields).toString();
export const jsonArray = (records) => JSON.stringify(records);
export const jsonLines = (records) => records.map((record) => JSON.stringify(record)).join("\n");

export const FORM_TYPE = "application/x-www-form-urlencoded";
