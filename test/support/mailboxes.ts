/** The mailbox door with servers inside the test. */
import { configOf, type Env } from "../../src/config";
import { fail, ok } from "../../src/domain/result";
import { createLogger } from "../../src/log";
import { type MailboxSettings, parseMailboxes } from "../../src/mailbox/settings";
import type { MailboxDeps } from "../../src/mailbox/visit";
import { type IncomingMail, type MailOutcome, receiveMail } from "../../src/pipeline/mail";
import { binaryText, type Maildrop } from "./pop3-server";
import { type Fate, wireTo } from "./pop3-wire";
import { testEnv } from "./worker";

/** The fate of each connection to a server, in their order; those after the last have none. */
export type Fates = readonly Fate[];

export function settingsWith(entry: Readonly<Record<string, unknown>> = {}): MailboxSettings {
  const list = parseMailboxes([{ host: "pop.example.com", username: "bounces", password: "secret", ...entry }]);
  const settings = list.ok ? list.value[0]?.settings : undefined;
  if (!settings?.ok) throw new Error(settings?.error);
  return settings.value;
}

export interface TestDeps extends MailboxDeps {
  /** What goes on after the work is done. */
  readonly background: readonly Promise<unknown>[];
}

/**
 * Everything real but the connection.
 *
 * @param drop what the server holds; `null`: nobody listens
 */
export function depsFor(drop: Maildrop | null, fates: Fates = [], env: Env = testEnv()): TestDeps {
  const background: Promise<unknown>[] = [];
  let connections = 0;
  return {
    ...configOf(env),
    db: env.DB,
    kv: env.SUPPRESSIONS,
    recipients: env.RECIPIENT,
    now: () => Date.now(),
    log: createLogger(),
    waitUntil: (work) => void background.push(work),
    background,
    newId: () => crypto.randomUUID(),
    openWire: async () => {
      if (!drop) return fail({ code: "connect_failed", detail: "nobody listens" });
      return ok(wireTo(drop, fates[connections++]));
    },
    receiveMail,
  };
}

const COUNTS = { received: 1, new: 1, duplicate: 0, ignored: 0, quarantined: 0, pending: 0 };

/** What a mail could do when it is received: nothing, fail, or go into quarantine. */
export type Reception = (mail: IncomingMail) => "recorded" | "quarantined" | Error;

/** A pipeline that notes the text of each mail that it recorded. */
export function notingReception(
  received: string[],
  reception: Reception = () => "recorded",
): MailboxDeps["receiveMail"] {
  return async (_deps, mail): Promise<MailOutcome> => {
    const outcome = reception(mail);
    if (outcome instanceof Error) throw outcome;
    received.push(binaryText(mail.raw));
    const quarantined = outcome === "quarantined" ? 1 : 0;
    return { form: "dsn", counts: { ...COUNTS, quarantined }, statements: [] };
  };
}
