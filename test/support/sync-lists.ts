/** What is on providers' lists in tests of syncs: the same three recipients with each of them, in its own words. */
import { afterEach, beforeEach, vi } from "vitest";
import { muteLog } from "./log";
import { DAY_MS } from "./stage";
import { type Entry, type FakeApi, type SuppressionApis, suppressionApis } from "./suppression-apis";
import { freshStores } from "./worker";

export const SYNCS = ["ses/default", "sendgrid/default", "mailgun/default", "postmark/default"] as const;
export type SyncId = (typeof SYNCS)[number];
type Provider = keyof SuppressionApis;
type Listed = readonly [list: string, address: string, entry: Entry];

/** The time that was so long ago, as APIs give it. */
export const secondsAgo = (ms: number) => Math.floor((Date.now() - ms) / 1000);
const isoAgo = (ms: number) => new Date(Date.now() - ms).toISOString();
const mailTimeAgo = (ms: number) => new Date(Date.now() - ms).toUTCString().replace("GMT", "UTC");

const GONE = "gone@example.com";
const ANGRY = "angry@example.com";
const LEFT = "left@example.com";

function sesEntry(address: string, reason: string): Listed {
  const entry = { EmailAddress: address, Reason: reason, LastUpdateTime: secondsAgo(DAY_MS) + 0.123 };
  return ["account", address, entry];
}

function sendgridEntry(list: string, email: string, more: Entry = {}): Listed {
  return [list, email, { email, created: secondsAgo(DAY_MS), ...more }];
}

function mailgunEntry(list: string, address: string, more: Entry = {}): Listed {
  return [list, address, { address, created_at: mailTimeAgo(DAY_MS), ...more }];
}

function postmarkEntry(address: string, reason: string): Listed {
  const entry = { EmailAddress: address, SuppressionReason: reason, Origin: "Recipient", CreatedAt: isoAgo(DAY_MS) };
  return ["outbound", address, entry];
}

/** A hard bounce, a complaint and an unsubscription; SES knows no unsubscriptions. */
const LISTED: Readonly<Record<Provider, () => readonly Listed[]>> = {
  ses: () => [sesEntry(GONE, "BOUNCE"), sesEntry(ANGRY, "COMPLAINT"), sesEntry(LEFT, "BOUNCE")],
  sendgrid: () => [
    sendgridEntry("bounces", GONE, { reason: "550 5.1.1 unknown", status: "5.1.1" }),
    sendgridEntry("spam_reports", ANGRY, { ip: "192.0.2.1" }),
    sendgridEntry("unsubscribes", LEFT),
  ],
  mailgun: () => [
    mailgunEntry("bounces", GONE, { code: "550", error: "No such mailbox" }),
    mailgunEntry("complaints", ANGRY),
    mailgunEntry("unsubscribes", LEFT, { tags: ["*"] }),
  ],
  postmark: () => [
    postmarkEntry(GONE, "HardBounce"),
    postmarkEntry(ANGRY, "SpamComplaint"),
    postmarkEntry(LEFT, "ManualSuppression"),
  ],
};

const PULLED = { [GONE]: ["hard"], [ANGRY]: ["complaint"], [LEFT]: ["unsubscribe"] };

/** The reasons of those three once the list was read. */
export const pulledOf = (sync: SyncId): Readonly<Record<string, readonly string[]>> =>
  sync === "ses/default" ? { ...PULLED, [LEFT]: ["hard"] } : PULLED;

export interface Providers {
  readonly apis: SuppressionApis;
  readonly apiOf: (sync: SyncId) => FakeApi;
  /** Puts a hard bounce, a complaint and an unsubscription on the provider's list. */
  readonly fill: (sync: SyncId) => void;
  /** Everybody whom the provider suppresses. */
  readonly thereOf: (sync: SyncId) => string[];
  readonly writesTo: (sync: SyncId) => number;
}

/** Providers for each test of a file, with nobody on their lists yet; empty stores; no log. */
export function setProviders(): Providers {
  const apis = {} as Record<Provider, FakeApi>;
  beforeEach(async () => {
    await freshStores();
    muteLog();
    Object.assign(apis, suppressionApis());
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  const providerOf = (sync: SyncId) => sync.split("/")[0] as Provider;
  const apiOf = (sync: SyncId) => apis[providerOf(sync)];
  return {
    apis,
    apiOf,
    fill: (sync) => {
      for (const [list, address, entry] of LISTED[providerOf(sync)]()) apiOf(sync).lists[list]?.set(address, entry);
    },
    thereOf: (sync) => [...new Set(Object.values(apiOf(sync).lists).flatMap((list) => [...list.keys()]))].sort(),
    writesTo: (sync) => apiOf(sync).calls.filter(({ method }) => method !== "GET").length,
  };
}
