/** What the rules rest on, gathered: the worker itself has no use for it. */
import type { RuleExample, RuleGround, RuleGrounds } from "../../src/domain/classify-rule";
import { DOMAIN_GROUNDS, LOOKUP_GROUNDS } from "../../src/domain/classify-rules/domain";
import { GATEWAY_GROUNDS } from "../../src/domain/classify-rules/gateways";
import { HINT_GROUNDS } from "../../src/domain/classify-rules/hints";
import { LIMIT_GROUNDS } from "../../src/domain/classify-rules/limits";
import { MAILBOX_GROUNDS } from "../../src/domain/classify-rules/mailbox";
import { MESSAGE_GROUNDS } from "../../src/domain/classify-rules/message";
import { RATE_GROUNDS } from "../../src/domain/classify-rules/rates";
import { RECEIVER_GROUNDS } from "../../src/domain/classify-rules/receivers";
import { REGIONAL_GROUNDS } from "../../src/domain/classify-rules/regional";
import { SENDER_GROUNDS } from "../../src/domain/classify-rules/sender";
import { SENDER_ADDRESS_GROUNDS } from "../../src/domain/classify-rules/sender-address";
import { SYSTEM_GROUNDS } from "../../src/domain/classify-rules/system";
import { TRANSLATED_GROUNDS } from "../../src/domain/classify-rules/translated";
import { TRANSPORT_GROUNDS } from "../../src/domain/classify-rules/transport";
import { UNKNOWN_USER_GROUNDS } from "../../src/domain/classify-rules/unknown-user";
import { STAGE_GROUNDS } from "../../src/domain/classify-stage";

const ALL: RuleGrounds = {
  ...LOOKUP_GROUNDS,
  ...DOMAIN_GROUNDS,
  ...GATEWAY_GROUNDS,
  ...HINT_GROUNDS,
  ...LIMIT_GROUNDS,
  ...MAILBOX_GROUNDS,
  ...MESSAGE_GROUNDS,
  ...RATE_GROUNDS,
  ...RECEIVER_GROUNDS,
  ...REGIONAL_GROUNDS,
  ...SENDER_ADDRESS_GROUNDS,
  ...SENDER_GROUNDS,
  ...SYSTEM_GROUNDS,
  ...TRANSLATED_GROUNDS,
  ...TRANSPORT_GROUNDS,
  ...UNKNOWN_USER_GROUNDS,
  ...STAGE_GROUNDS,
};

export const GROUNDED_IDS: readonly string[] = Object.keys(ALL);

/** @throws where a rule rests on nothing */
export function groundsOf(rule: { readonly id: string }): RuleGround {
  const grounds = Object.hasOwn(ALL, rule.id) ? ALL[rule.id] : undefined;
  if (!grounds) throw new Error(`nothing is said of why ${rule.id} is true`);
  return grounds;
}

/** What a classification is asked with. */
export function evidenceOf(example: RuleExample) {
  if (typeof example === "string") return { diagnosticCode: example };
  const { text, ...rest } = example;
  return { diagnosticCode: text, ...rest };
}
