/** Scans of a mailbox of its own for each test, with the real store and a server inside the test. */
import { beforeEach } from "vitest";
import { newBudget, SCAN_LIMITS, type ScanReport, scanMailbox } from "../../src/mailbox/scan";
import type { MailboxDeps, ScanLimits } from "../../src/mailbox/visit";
import { mailboxStates } from "../../src/store/mailboxes";
import { depsFor, type Fates, notingReception, type Reception, settingsWith } from "./mailboxes";
import { type Maildrop, mailOf } from "./pop3-server";
import { rowsOf } from "./stores";
import { bindings } from "./worker";

let boxes = 0;

/** The name of a mailbox that nobody has scanned yet. */
export const newBoxName = () => `box-${++boxes}`;

/** The mailbox of the test that runs. */
export const box = {
  name: "",
  /** The text of each mail that was recorded, in order. */
  received: [] as string[],
};

/** Gives each test of a file its mailbox. */
export function setMailbox(): void {
  beforeEach(() => {
    box.name = newBoxName();
    box.received = [];
  });
}

export const mail = (n: number) => mailOf(`id-${n}`, `Subject: ${n}\n\n`);
export const mails = (count: number) => Array.from({ length: count }, (_, i) => mail(i + 1));
/** What is received of these mails. */
export const texts = (...numbers: number[]) => numbers.map((n) => `Subject: ${n}\r\n\r\n`);

interface Play {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly reception?: Reception;
  readonly fates?: Fates;
  readonly limits?: Partial<ScanLimits>;
  readonly budget?: { readonly mails?: number; readonly bytes?: number; readonly ms?: number };
  readonly deps?: Partial<MailboxDeps>;
}

/** Scans the test's mailbox once. @param drop what the server holds; `null`: nobody listens */
export async function scan(
  drop: Maildrop | null,
  { settings, reception, fates, limits, budget, deps }: Play = {},
): Promise<ScanReport> {
  const all = { ...depsFor(drop, fates), receiveMail: notingReception(box.received, reception), ...deps };
  const usual = newBudget(Date.now());
  const { mails = usual.mails, bytes = usual.bytes, ms = usual.endsAt - Date.now() } = budget ?? {};
  const report = await scanMailbox(
    all,
    { name: box.name, settings: settingsWith(settings) },
    (await mailboxStates(bindings.DB)).get(box.name),
    { mails, bytes, endsAt: Date.now() + ms },
    { ...SCAN_LIMITS, ...limits },
  );
  if (!report) throw new Error("somebody else scans");
  return report;
}

/** What is remembered of the test's mailbox's mails. */
export const notes = () =>
  rowsOf<{ uidl: string; status: string; attempts: number }>(
    "SELECT uidl, status, attempts FROM mailbox_messages WHERE mailbox = ?1 ORDER BY uidl",
    box.name,
  );

export const COUNTS = { listed: 0, recorded: 0, quarantined: 0, deleted: 0, oversized: 0, failed: 0 };
/** Of a scan that left nothing and met with no error. */
export const DONE = { isBehind: false, error: null };
