/** An alert in a sentence, and what to do about it. */
import type { AlertDetail, AlertRule, OpenAlert } from "./alert";

type Words = (subject: string, detail: AlertDetail) => string;

const RULES: Readonly<Record<AlertRule, { readonly summary: Words; readonly advice: string }>> = {
  complaint_rate: {
    summary: (subject, { rate, complained, delivered }) =>
      `${nameOf(subject)}: ${percent(rate)} of the delivered messages were reported as spam (${complained} of ${delivered}).`,
    advice:
      "Stop what is being sent there until you know why: receivers block senders at this rate. Look at its complaints by campaign and list; mail only those who asked for it, and make unsubscribing easy.",
  },
  bounce_rate: {
    summary: (subject, { rate, bounced, delivered }) =>
      `${nameOf(subject)}: ${percent(rate)} of the messages bounced (${bounced}, and ${delivered} delivered).`,
    advice:
      "Look at the reasons: unknown mailboxes mean an old or bought list, refusals for spam or policy mean your reputation or authentication. Check the list against the suppressions before you send again.",
  },
  pending: {
    summary: (_subject, { oldestPendingSeconds, pending }) =>
      `Events wait to be applied: ${pending}, the oldest for ${minutes(oldestPendingSeconds)}.`,
    advice:
      "The cron applies them every minute. Look at lastCron in /health and for apply.failed and project.failed in the log; POST /v1/reconcile does it at once.",
  },
  quarantine: {
    summary: (_subject, { lastHour }) => `Quarantine grows: ${lastHour} items within the last hour.`,
    advice:
      "Look at their reasons. A provider that has changed its format shows as one reason over and over: update, then replay. Mail that nobody vouches for may be somebody trying.",
  },
  silent: {
    summary: (subject, { lastReceivedAt, usualPauseDays }) =>
      `${subject} has been silent since ${lastReceivedAt}; it usually pauses for no longer than ${days(usualPauseDays)}.`,
    advice:
      "If you still send through it: see whether the webhook is still configured at the provider, and whether the provider has disabled it after errors. If not, remove its secret.",
  },
  rejecting: {
    summary: (subject, { lastRejectedAt }) =>
      `${subject}: calls are refused, because they do not prove who they come from; the last at ${lastRejectedAt}.`,
    advice:
      "Compare the secret here with the one at the provider: one of them was changed. The reason is in /v1/connections. If the provider's own calls come through, somebody else is trying the URL.",
  },
  notification: {
    summary: (subject, { status, failingSince, parked }) =>
      `Notification ${subject} ${STATES[String(status)] ?? `does not get through${failingSince === null ? "" : ` since ${failingSince}`}`}${Number(parked) > 0 ? `; ${parked} messages were given up` : ""}.`,
    advice:
      "GET /v1/notifications says what its receiver answers. Repair the receiver; resume the notification where it was stopped, and redeliver what was given up.",
  },
  sync: {
    summary: (subject, { status, failingSince }) =>
      status === "stopped"
        ? `The suppression list of ${subject} is no longer kept in step: the provider refuses what is asked.`
        : `The suppression list of ${subject} could not be kept in step since ${failingSince}.`,
    advice:
      "GET /v1/sync says what the provider answers. Correct the secret or the account, and resume the sync where it was stopped.",
  },
  incident: {
    summary: (_subject, { connection, receiver, held, knownGood, recipients }) =>
      `${connection}: a burst of bounces that say the same${receiver === null ? "" : ` at ${receiver}`}. ${held} are held and suppress nobody until you decide; ${knownGood} of ${recipients} recipients got mail before.`,
    advice:
      "Look at what the bounces say: GET /v1/incidents. Confirm it where the addresses are dead; drop it, and release what it suppressed before it was noticed, where the fault is the provider's, the receiver's or your own (a block list, DMARC).",
  },
};

const STATES: Readonly<Record<string, string>> = {
  stopped: "was stopped: its receiver failed for three days",
  gone: "was stopped: its receiver answered that it wants no more (410)",
};

/** What is wrong, in a sentence. */
export function summaryOf({ rule, subject, detail }: Pick<OpenAlert, "rule" | "subject" | "detail">): string {
  return RULES[rule].summary(subject, detail);
}

/** What to do about it. */
export function adviceOf(rule: AlertRule): string {
  return RULES[rule].advice;
}

/** `provider:ses` → `Provider ses` */
function nameOf(subject: string): string {
  const colon = subject.indexOf(":");
  const [family, name] = [subject.slice(0, colon), subject.slice(colon + 1)];
  return `${family.charAt(0).toUpperCase()}${family.slice(1)} ${name}`;
}

function percent(rate: AlertDetail[string] | undefined): string {
  return `${(Number(rate) * 100).toFixed(2)} %`;
}

function minutes(seconds: AlertDetail[string] | undefined): string {
  return `${Math.floor(Number(seconds) / 60)} minutes`;
}

function days(count: AlertDetail[string] | undefined): string {
  return Number(count) === 1 ? "a day" : `${count} days`;
}
