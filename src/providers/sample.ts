/** What the adapters' samples are made of: a mail of `news@example.org` to `test@example.com` that was just delivered. */
import type { Sample } from "./adapter";

/** Nobody: the domain is reserved (RFC 2606). */
export const SAMPLE_RECIPIENT = "test@example.com";
/** Of the mail that samples are about. */
export const SAMPLE_SENDER = "news@example.org";
/** What the receiving server says to it. */
export const SAMPLE_REPLY = "250 2.0.0 OK";

const UUID_TAIL_DIGITS = 12;

/** Names a sample's message and event: of another millisecond, others. @param at epoch ms */
export function sampleId(at: number): string {
  return `test-${at}`;
}

/** A Message-ID without angle brackets. @param at epoch ms */
export function sampleMessageId(at: number): string {
  return `${sampleId(at)}@mail.example.org`;
}

/** In the form of a UUID, for providers whose ids are some. @param at epoch ms */
export function sampleUuid(at: number): string {
  return `00000000-0000-4000-8000-${at.toString(16).padStart(UUID_TAIL_DIGITS, "0")}`;
}

/** `2026-11-21T10:00:05.125Z` @param at epoch ms */
export function sampleTime(at: number): string {
  return new Date(at).toISOString();
}

/** @param at epoch ms @returns whole seconds */
export function sampleSeconds(at: number): number {
  return Math.floor(at / 1000);
}

/** A sample as providers post it who post JSON. */
export function jsonSample(record: unknown): Sample {
  return { body: JSON.stringify(record), contentType: "application/json" };
}

/** A sample as providers post it who post forms. */
export function formSample(fields: Readonly<Record<string, string>>): Sample {
  return { body: new URLSearchParams(fields).toString(), contentType: "application/x-www-form-urlencoded" };
}
