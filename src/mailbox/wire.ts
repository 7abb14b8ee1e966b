/** What POP3 needs of a connection, and what can go wrong on one. Knows no sockets: a test plays the other side. */

import { within } from "../pipeline/within";

/** A connection as a stream of bytes. Only one read is under way at a time. */
export interface Wire {
  /** The next bytes, at least one; `null`: the other side has ended. Rejects when the connection breaks. */
  readonly read: () => Promise<Uint8Array | null>;
  /** Rejects when the connection breaks. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Goes on encrypted, on the wire that it gives back; this one is used up. Rejects when the handshake fails. */
  readonly startTls: () => Promise<Wire>;
  /** Never throws, and ends a read that is under way. */
  readonly close: () => void;
}

/**
 * `connect_failed`: nobody there, or no handshake. `timeout`: no answer in time. `cut_off`: the connection ended in the
 * middle. `not_pop3`: an answer that is none. `starttls_refused`: STLS was. `login_failed`: the credentials were.
 * `busy`: another session holds the mailbox, or the server asks us to wait. `no_uidl`: the server names no mails.
 * `too_large`: more bytes than are taken. `refused`: any other `-ERR`.
 */
export type Pop3FailureCode =
  | "connect_failed"
  | "timeout"
  | "cut_off"
  | "not_pop3"
  | "starttls_refused"
  | "login_failed"
  | "busy"
  | "no_uidl"
  | "too_large"
  | "refused";

export interface Pop3Failure {
  readonly code: Pop3FailureCode;
  /** A sentence for operators. May quote the server, so it never goes into a log. */
  readonly detail: string;
}

/** Carries a failure out of the depths of reading; the session turns it into a value. */
export class Pop3Error extends Error {
  constructor(readonly failure: Pop3Failure) {
    super(failure.code);
  }
}

/** @returns an error to be thrown */
export function pop3Error(code: Pop3FailureCode, detail: string): Pop3Error {
  return new Pop3Error({ code, detail });
}

/**
 * Waits for the other side, but not for longer than this. The work goes on; who gives up has to end it.
 *
 * @param detail of the failure `timeout`, for operators
 */
export function answered<T>(work: Promise<T>, limitMs: number, detail: string): Promise<T> {
  return within(work, limitMs, () => {
    throw pop3Error("timeout", detail);
  });
}
