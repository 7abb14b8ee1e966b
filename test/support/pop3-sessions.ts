/** POP3 sessions over a wire inside the test. */
import { expect } from "vitest";
import { type Login, Pop3Session, type SessionLimits } from "../../src/mailbox/pop3";
import type { Wire } from "../../src/mailbox/wire";
import { type Habits, Maildrop, mailOf, type StoredMail } from "./pop3-server";
import { type Fate, wireTo } from "./pop3-wire";

const LOGIN: Login = { tls: "none", authProtocol: "userpass", username: "bounces", password: "secret" };
const LIMITS: SessionLimits = {
  answerTimeoutMs: 2_000,
  quitTimeoutMs: 5_000,
  sessionTimeoutMs: 10_000,
  maxMailBytes: 10_000,
  maxListed: 1_000,
};
/** Limits of one who does not wait for an answer. */
export const IMPATIENT = { answerTimeoutMs: 20 };
/** Lines that begin with dots, one dot alone among them. */
export const MAIL = mailOf("a", "Subject: one\n\n.dot\n..dots\n.\nend\n");

interface Play {
  readonly fate?: Fate;
  readonly login?: Partial<Login>;
  readonly limits?: Partial<SessionLimits>;
}

/** Signs in, with usual settings unless the test has others. */
export function openOn(wire: Wire, { login, limits }: Play = {}) {
  return Pop3Session.open(wire, { ...LOGIN, ...login }, { ...LIMITS, ...limits }, () => Date.now());
}

/** A session with a server that lets us in. */
export async function signedIn(drop: Maildrop, play: Play = {}) {
  const wire = wireTo(drop, play.fate);
  const session = await openOn(wire, play);
  if (!session.ok) throw new Error(session.error.detail);
  return { session: session.value, wire };
}

/** Why a server with these habits cannot be signed in to. */
export async function failureOf(habits: Habits, play: Play = {}) {
  const wire = wireTo(new Maildrop([MAIL], habits), play.fate);
  const session = await openOn(wire, play);
  if (session.ok) throw new Error("it opened");
  expect(wire.isClosed()).toBe(true);
  return session.error;
}

/** Fetches the one mail of a server. */
export const retrieve = async (mail: StoredMail, habits: Habits = {}, play: Play = {}) => {
  const { session } = await signedIn(new Maildrop([mail], habits), play);
  return session.retrieve(1, mail.bytes.length);
};

/** Answers the first command of this kind with these words. */
export const insteadOf = (command: string, answer: string | Uint8Array): Habits => ({
  instead: (line) => (line.startsWith(command) ? answer : undefined),
});
