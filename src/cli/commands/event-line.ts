import type { Event } from "../../client/types";
import { line } from "../terminal";

/** An event in one line: when, what, to whom, told by whom, and why. */
export function eventLine(event: Event): string {
  const { receivedAt, kind, recipient, provider, connection, statusCode, diagnosticCode } = event;
  const what = event.class === null ? kind : `${kind} (${event.class})`;
  return line(receivedAt, what, recipient, `${provider}/${connection}`, statusCode, diagnosticCode);
}
