/**
 * Which class does a bounce have? One ordered procedure for every source:
 *
 * 1. what the provider's word fixes by contract (its own mapper);
 * 2. the words of the receiver (`classify-rules.ts`);
 * 3. the enhanced status code, first the one inside the reply, then the one stated beside it;
 * 4. the provider's word where it is only a hint;
 * 5. the SMTP reply code;
 * 6. undetermined.
 *
 * The class digit alone (4.x.x or 5.x.x) decides nothing: full mailboxes and blocked senders come with a 5 as
 * often as dead addresses do.
 */
import { TEXT_RULES } from "./classify-rules";
import { diagnosticText, meaningOfReply, meaningOfStatus, statusCodeIn } from "./delivery-status";
import type { BounceClass, StatedClass } from "./event";

export interface Classification {
  readonly class: BounceClass;
  readonly category: string;
  /** The rule that decided. */
  readonly rule: string;
}

/** What is known of a bounce. */
export interface Evidence {
  readonly stated?: StatedClass | undefined;
  /** The provider's category, already in our words. */
  readonly category?: string | undefined;
  readonly diagnosticCode?: string | undefined;
  readonly statusCode?: string | undefined;
  readonly replyCode?: string | undefined;
}

const UNKNOWN_CATEGORY = "other";

export function classify(evidence: Evidence): Classification {
  const found = byText(evidence) ?? byStatus(evidence);
  const { stated } = evidence;
  if (stated && (stated.fixed || !found)) {
    return {
      class: stated.class,
      category: evidence.category ?? found?.category ?? UNKNOWN_CATEGORY,
      rule: stated.rule,
    };
  }
  return (
    found ??
    byReply(evidence) ?? { class: "undetermined", category: evidence.category ?? UNKNOWN_CATEGORY, rule: "none" }
  );
}

function byText(evidence: Evidence): Classification | null {
  const text = diagnosticText(evidence.diagnosticCode).toLowerCase();
  const rule = text === "" ? undefined : TEXT_RULES.find((r) => r.pattern.test(text));
  return rule ? { class: rule.class, category: rule.category, rule: rule.id } : null;
}

function byStatus(evidence: Evidence): Classification | null {
  for (const code of [statusCodeIn(evidence.diagnosticCode), evidence.statusCode]) {
    const meaning = meaningOfStatus(code);
    if (meaning) return { ...meaning, rule: `status:${code}` };
  }
  return null;
}

function byReply(evidence: Evidence): Classification | null {
  const meaning = meaningOfReply(evidence.replyCode);
  return meaning ? { ...meaning, rule: `reply:${evidence.replyCode}` } : null;
}
