/**
 * Which class does a bounce have? One ordered procedure for every source; the first step that finds something decides:
 *
 * 1. what the provider's word fixes by contract (its own mapper);
 * 2. what the receiver's text names beyond doubt (`classify-rules.ts`, strong rules);
 * 3. an enhanced status code in the receiver's reply, then one stated beside it, where the code names a cause;
 * 4. what the rest of a report names beyond doubt, in words and then in codes;
 * 5. the provider's word where it is only a hint;
 * 6. what the receiver's text hints at (weak rules);
 * 7. codes that only hint: enhanced status codes, then the SMTP reply code;
 * 8. what the rest of a report hints at;
 * 9. the command that was refused, where that says who was meant;
 * 10. undetermined.
 *
 * Two things hold throughout. The class digit alone (4.x.x or 5.x.x) decides nothing. And `hard` needs positive
 * evidence about the recipient: a hint does not make it against a code that says otherwise, a stated code does not make
 * it against words that hint at something else, and what refused a command before or after RCPT TO was not the
 * recipient (`classify-stage.ts`).
 */
import { matcherOf } from "./classify-match";
import { type Reading, readText } from "./classify-reading";
import type { Classification, RuleCondition, TextRule } from "./classify-rule";
import { TEXT_RULES } from "./classify-rules";
import { atStage } from "./classify-stage";
import { meaningOfReply, meaningOfStatus } from "./delivery-status";
import type { SmtpCommand, StatedClass } from "./event";
import { once } from "./once";
import type { CodeMeaning, EvidenceLevel } from "./status-codes";

export type { Classification } from "./classify-rule";

/** What is known of a bounce. */
export interface Evidence {
  readonly stated?: StatedClass | undefined;
  /** The provider's category, already in our words. */
  readonly category?: string | undefined;
  readonly diagnosticCode?: string | undefined;
  readonly statusCode?: string | undefined;
  readonly replyCode?: string | undefined;
  /** The command that was refused; where it is absent, the text may say. */
  readonly smtpCommand?: SmtpCommand | undefined;
  /** The host that answered: what some words mean depends on it. */
  readonly remoteMta?: string | undefined;
  /** What a report says beside the diagnostic text. Much of it is boilerplate, so it counts for less. */
  readonly explanation?: string | undefined;
}

/** A bounce and what its texts say; most are decided without the long one. */
interface Case {
  readonly evidence: Evidence;
  readonly reply: Reading;
  readonly report: () => Reading;
}

const UNKNOWN_CATEGORY = "other";
const matcher = once(() => matcherOf(TEXT_RULES));

/** @returns the class of a bounce, why, and the rule that decided; never throws */
export function classify(evidence: Evidence): Classification {
  const { stated } = evidence;
  if (stated?.fixed && evidence.category !== undefined) return ofStated(stated, evidence.category);
  const the = caseOf(evidence);
  const found = named(the);
  // A text may also name several causes, and say itself that it does not know.
  const isDecided = found !== null && (stated === undefined || found.class !== "undetermined");
  if (isDecided && !stated?.fixed) return found;
  const hint = found ?? hinted(the);
  // A category that goes with another class would contradict the provider's.
  if (stated) return ofStated(stated, evidence.category ?? (hint?.class === stated.class ? hint.category : undefined));
  return hint ?? withoutReason(the);
}

function caseOf(evidence: Evidence): Case {
  let report: Reading | undefined;
  return {
    evidence,
    reply: readText(evidence.diagnosticCode),
    report() {
      report ??= readText(evidence.explanation);
      return report;
    },
  };
}

/** A refused DATA that only follows from every RCPT TO having been refused is a refused RCPT TO. */
function refusedCommand({ evidence, reply, report }: Case): SmtpCommand | undefined {
  const command = evidence.smtpCommand ?? reply.command ?? report().command;
  return command === "DATA" && (reply.noRecipientLeft || report().noRecipientLeft) ? "RCPT" : command;
}

/** The verdict in the light of the refused command, which matters to two classes. */
function weighed(the: Case, verdict: Classification, statusCodes: readonly string[]): Classification {
  const matters = verdict.class === "hard" || verdict.class === "undetermined";
  return matters ? atStage(verdict, refusedCommand(the), statusCodes) : verdict;
}

/** Steps 2 to 4: whatever names the cause. */
function named(the: Case): Classification | null {
  return (
    byClearWords(the) ??
    byCodes(the, "strong") ??
    byWords(the, the.report(), "strong") ??
    firstCode(the, the.report().statusCodes, "strong")
  );
}

/** Steps 6 to 8: whatever hints at one. */
function hinted(the: Case): Classification | null {
  return byHint(the, the.reply) ?? byCodes(the, "weak") ?? byHint(the, the.report());
}

/** Words about somebody unknown are about the sender where the reply's code is. */
function byClearWords(the: Case): Classification | null {
  const found = byWords(the, the.reply, "strong");
  const isContradicted = found?.class === "hard" && the.reply.statusCodes.some(isAboutSender);
  return isContradicted ? firstCode(the, the.reply.statusCodes.filter(isAboutSender), "strong") : found;
}

/** X.7.0 and X.7.1 are not: servers use them for everything. */
function isAboutSender(statusCode: string): boolean {
  const meaning = meaningOfStatus(statusCode);
  return meaning?.class === "block" && meaning.level === "strong" && meaning.category !== "policy-related";
}

function byWords(the: Case, reading: Reading, level: EvidenceLevel): Classification | null {
  const rule = matcher().find(reading.words, level, (condition) => holds(condition, the, reading));
  return rule ? weighed(the, ofRule(rule), reading.statusCodes) : null;
}

/** A hint makes no bounce hard against a code that says something else. */
function byHint(the: Case, reading: Reading): Classification | null {
  const found = byWords(the, reading, "weak");
  if (found?.class !== "hard") return found;
  const codes = [...reading.statusCodes, the.evidence.statusCode].flatMap((code) => meaningOfStatus(code) ?? []);
  return codes.some((meaning) => meaning.class !== "hard" && meaning.category !== "protocol-errors") ? null : found;
}

/** The receiver's own codes before the one that is stated beside its reply, and that before the reply code. */
function byCodes(the: Case, level: EvidenceLevel): Classification | null {
  return firstCode(the, the.reply.statusCodes, level) ?? byStatedCode(the, level) ?? byReplyCode(the, level);
}

function byStatedCode(the: Case, level: EvidenceLevel): Classification | null {
  const { statusCode } = the.evidence;
  if (statusCode === undefined) return null;
  const found = firstCode(the, [statusCode], level);
  if (found?.class !== "hard") return found;
  // MTAs state 5.1.1 for any 550: it does not outweigh words that hint at another cause.
  const hint = byWords(the, the.reply, "weak");
  return hint && hint.class !== "hard" ? null : found;
}

function firstCode(the: Case, codes: readonly string[], level: EvidenceLevel): Classification | null {
  for (const code of codes) {
    const meaning = meaningOfStatus(code);
    if (meaning?.level === level) return weighed(the, ofCode(meaning, `status:${code}`), codes);
  }
  return null;
}

function byReplyCode(the: Case, level: EvidenceLevel): Classification | null {
  const code = replyCodeOf(the);
  const meaning = meaningOfReply(code);
  return meaning?.level === level ? weighed(the, ofCode(meaning, `reply:${code}`), []) : null;
}

/** Steps 9 and 10: nothing says why, but a refused command may say what it was about. */
function withoutReason(the: Case): Classification {
  const unknown = { class: "undetermined", category: the.evidence.category ?? UNKNOWN_CATEGORY, rule: "none" } as const;
  return replyCodeOf(the)?.startsWith("5") ? weighed(the, unknown, []) : unknown;
}

function replyCodeOf(the: Case): string | undefined {
  return the.evidence.replyCode ?? the.reply.replyCode;
}

function holds(condition: RuleCondition, the: Case, reading: Reading): boolean {
  const { at, status, finality } = condition;
  const code = reading.statusCodes[0] ?? the.evidence.statusCode;
  if (at && !at.test(`${the.evidence.remoteMta?.toLowerCase() ?? ""} ${reading.words}`)) return false;
  if (status && !(code && status.includes(code.slice(2)))) return false;
  if (finality === undefined) return true;
  const digit = (the.evidence.replyCode ?? reading.replyCode ?? code)?.[0];
  return (digit === "4") === (finality === "transient");
}

function ofStated(stated: StatedClass, category: string | undefined): Classification {
  return { class: stated.class, category: category ?? UNKNOWN_CATEGORY, rule: stated.rule };
}

function ofRule(rule: TextRule): Classification {
  return { class: rule.class, category: rule.category, rule: rule.id };
}

function ofCode(meaning: CodeMeaning, rule: string): Classification {
  return { class: meaning.class, category: meaning.category, rule };
}
