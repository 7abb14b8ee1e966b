/**
 * What a refusal is about depends on the command that was refused (RFC 5321 section 3.3). A server learns of the
 * recipient with RCPT TO: what it refuses before, it refuses because of the sender; what it refuses after the message,
 * it had accepted the recipient for.
 */
import type { Classification, RuleGrounds } from "./classify-rule";
import type { BounceClass, SmtpCommand } from "./event";

export interface StageRule {
  readonly id: string;
  /** The refused commands that it is about. */
  readonly commands: readonly SmtpCommand[];
  readonly class: BounceClass;
  readonly category: string;
  /** Does the command alone decide where nothing else does? */
  readonly decidesAlone: boolean;
  /** Categories of a hard verdict that stand all the same. */
  readonly spares: readonly string[];
  /** Does a code that names a bad mailbox (X.1.1, X.1.10) stand against it? */
  readonly sparesCode: boolean;
}

/** That the host or its domain takes no mail is true whatever the command. */
const OF_THE_HOST = ["null-mx", "not-accepting-mail"];

/** For verdicts that would be hard (no other suppresses anybody at once), and where nothing else says why. */
export const STAGE_RULES: readonly StageRule[] = [
  {
    id: "stage:mail-from",
    commands: ["MAIL"],
    class: "block",
    category: "invalid-sender",
    decidesAlone: true,
    spares: [],
    sparesCode: false,
  },
  {
    id: "stage:before-recipient",
    commands: ["CONNECT", "EHLO", "STARTTLS", "AUTH"],
    class: "block",
    category: "policy-related",
    decidesAlone: true,
    spares: OF_THE_HOST,
    sparesCode: false,
  },
  {
    id: "stage:after-data",
    commands: ["DATA"],
    class: "soft",
    category: "recipient-filter",
    decidesAlone: false,
    spares: [],
    sparesCode: true,
  },
];

export const STAGE_GROUNDS: RuleGrounds = {
  "stage:mail-from": {
    because: "MAIL FROM names the sender only: what is unknown or invalid there is the sender's address or domain",
    examples: [
      { text: "550 5.1.1 User unknown", smtpCommand: "MAIL" },
      { text: "host mx.example.net[192.0.2.1] said: 554 Transaction failed (in reply to MAIL FROM command)" },
      { text: "host mx.example.net[192.0.2.1] said: 553 Domain does not exist (in reply to MAIL FROM command)" },
    ],
  },
  "stage:before-recipient": {
    because: "no recipient has been named yet: only the host or its domain can be what fails for good",
    examples: [
      { text: "550 5.1.1 Unknown user", smtpCommand: "EHLO" },
      { text: "host mx.example.net[192.0.2.1] refused to talk to me: 554 5.1.1 mailbox not found" },
    ],
  },
  "stage:after-data": {
    because:
      "RCPT TO was accepted, so the address was good; Japanese carriers answer the message with 'unknown user' where the recipient's filter refuses this sender. A proxy that repeats the answer of a server behind it gives that server's code, which stands",
    examples: [
      { text: "550 Unknown user john@example.jp (in reply to end of DATA command)" },
      { text: "550 Invalid recipient: <john@example.jp>", smtpCommand: "DATA" },
    ],
  },
};

const BAD_MAILBOX = /^[245]\.1\.(?:1|10)$/;

/**
 * A verdict in the light of the refused command.
 *
 * @param statusCodes the codes of the same reply
 * @returns the verdict itself, or that of the stage rule that stands against it
 */
export function atStage(
  verdict: Classification,
  command: SmtpCommand | undefined,
  statusCodes: readonly string[],
): Classification {
  const rule = command && STAGE_RULES.find((r) => r.commands.includes(command));
  if (!rule || !applies(rule, verdict, statusCodes)) return verdict;
  return { class: rule.class, category: rule.category, rule: rule.id };
}

function applies(rule: StageRule, verdict: Classification, statusCodes: readonly string[]): boolean {
  if (verdict.class !== "hard") return verdict.class === "undetermined" && rule.decidesAlone;
  if (rule.spares.includes(verdict.category)) return false;
  return !(rule.sparesCode && statusCodes.some((code) => BAD_MAILBOX.test(code)));
}
