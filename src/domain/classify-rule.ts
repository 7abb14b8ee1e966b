import type { BounceClass, SmtpCommand } from "./event";
import type { EvidenceLevel } from "./status-codes";

/** What a bounce comes to. */
export interface Classification {
  readonly class: BounceClass;
  readonly category: string;
  /** The rule that decided. */
  readonly rule: string;
}

/** A text, or a text with what else was known of the bounce. */
export type RuleExample =
  | string
  | {
      readonly text: string;
      readonly statusCode?: string;
      readonly replyCode?: string;
      readonly remoteMta?: string;
      readonly smtpCommand?: SmtpCommand;
    };

/** What receivers write, and what it means. */
export interface TextRule {
  readonly id: string;
  readonly class: BounceClass;
  readonly category: string;
  readonly level: EvidenceLevel;
  /** As `classify-wording.ts` describes them; any of them is enough. */
  readonly wording: readonly string[];
  /** What else must hold. */
  readonly when?: RuleCondition;
}

/**
 * What rules rest on, by id. It stands below the rules, in a table of its own, for those who read and test them: nothing
 * in the worker refers to it, so it is not in the bundle.
 */
export type RuleGrounds = Readonly<Record<string, RuleGround>>;

export interface RuleGround {
  /** Why the rule is true of a kind of server. */
  readonly because: string;
  /** Each is decided by this rule; a test holds that. */
  readonly examples: readonly RuleExample[];
}

export interface RuleCondition {
  /** The receiver, by its host name: in the remote MTA's name or anywhere in the text. */
  readonly at?: RegExp;
  /** Subject and detail of the enhanced status code, the reply's or else the stated one: `4.1` for 5.4.1 and 4.4.1. */
  readonly status?: readonly string[];
  /** `permanent`: the codes do not say 4; `transient`: they do. */
  readonly finality?: "permanent" | "transient";
}
