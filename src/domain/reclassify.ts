/**
 * Deciding the class of a recorded bounce anew, from what its record keeps.
 *
 * The record keeps the receiver's words and codes and who answered. It does not keep what the provider's word stood for, nor,
 * of a mail, the rest of the report and the refused command. So today's verdict counts only where nothing of that could have
 * changed it: it is tried out with each, and has to stay the same.
 */
import { type Classification, classify, type Evidence } from "./classify";
import { SMTP_COMMANDS } from "./event";

/** A bounce as the journal has it. Absent values are `null`. */
export interface RecordedBounce {
  readonly class: string | null;
  readonly category: string | null;
  readonly rule: string | null;
  readonly diagnosticCode: string | null;
  readonly statusCode: string | null;
  readonly replyCode: string | null;
  readonly remoteMta: string | null;
  /** More was told than is kept, as by a mail: the rest of the report may have decided, or the command that was refused. */
  readonly hasMoreTold: boolean;
}

/** The rule of a bounce about which nothing was stated and nothing found. */
const NOTHING_FOUND = "none";
const OUR_RULE = /^(?:text|status|reply|stage):/;

/** A word that only hints. */
const HINT: Partial<Evidence> = { stated: { class: "undetermined", rule: "hint", fixed: false } };
/** Reports that name a cause beyond doubt. */
const REPORTS: readonly Partial<Evidence>[] = [
  { explanation: "550 5.1.1 User unknown" },
  { explanation: "552 5.2.2 Mailbox full" },
];
const COMMANDS: readonly Partial<Evidence>[] = SMTP_COMMANDS.map((smtpCommand) => ({ smtpCommand }));

/**
 * @returns today's verdict, which may be what the record says; `null`: the record does not say enough, or the provider's own
 *   word had decided
 */
export function reclassified(bounce: RecordedBounce): Classification | null {
  const isUnexplained = bounce.rule === NOTHING_FOUND;
  if (!isUnexplained && !OUR_RULE.test(bounce.rule ?? "")) return null;
  const evidence: Evidence = {
    diagnosticCode: bounce.diagnosticCode ?? undefined,
    statusCode: bounce.statusCode ?? undefined,
    replyCode: bounce.replyCode ?? undefined,
    remoteMta: bounce.remoteMta ?? undefined,
  };
  const verdict = classify(evidence);
  if (isVerdictOf(bounce, verdict)) return verdict;
  const unknowns = [...(isUnexplained ? [] : [HINT]), ...(bounce.hasMoreTold ? [...REPORTS, ...COMMANDS] : [])];
  const isCertain = unknowns.every((unknown) => isSame(classify({ ...evidence, ...unknown }), verdict));
  // Where nothing was found before and nothing is now, the category may have been the provider's.
  return isCertain && !(isUnexplained && verdict.rule === NOTHING_FOUND) ? verdict : null;
}

function isVerdictOf(bounce: RecordedBounce, verdict: Classification): boolean {
  return bounce.class === verdict.class && bounce.category === verdict.category && bounce.rule === verdict.rule;
}

function isSame(a: Classification, b: Classification): boolean {
  return a.class === b.class && a.category === b.category && a.rule === b.rule;
}
