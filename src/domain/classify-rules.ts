/**
 * The rules for what receivers write, in the order in which they are tried.
 *
 * Receivers that mean something of their own come first. Refusals of the sender and of the message come before words
 * about mailboxes, because filters like to say "mailbox unavailable" about a spammer. What only hints comes last, and
 * codes that name a cause come before it (`classify.ts`).
 */
import type { TextRule } from "./classify-rule";
import { DOMAIN_RULES, LOOKUP_RULES } from "./classify-rules/domain";
import { GATEWAY_RULES } from "./classify-rules/gateways";
import { HINT_RULES } from "./classify-rules/hints";
import { LIMIT_RULES } from "./classify-rules/limits";
import { MAILBOX_RULES } from "./classify-rules/mailbox";
import { MESSAGE_RULES } from "./classify-rules/message";
import { RATE_RULES } from "./classify-rules/rates";
import { RECEIVER_RULES } from "./classify-rules/receivers";
import { REGIONAL_RULES } from "./classify-rules/regional";
import { SENDER_RULES } from "./classify-rules/sender";
import { SENDER_ADDRESS_RULES } from "./classify-rules/sender-address";
import { SYSTEM_RULES } from "./classify-rules/system";
import { TRANSLATED_RULES } from "./classify-rules/translated";
import { TRANSPORT_RULES } from "./classify-rules/transport";
import { UNKNOWN_USER_RULES } from "./classify-rules/unknown-user";

/** Rules for what a receiver says. Of those of one level the first whose wording and conditions hold decides. */
export const TEXT_RULES: readonly TextRule[] = [
  ...RECEIVER_RULES,
  ...REGIONAL_RULES,
  ...GATEWAY_RULES,
  ...SENDER_RULES,
  ...RATE_RULES,
  ...SENDER_ADDRESS_RULES,
  ...MESSAGE_RULES,
  ...LOOKUP_RULES,
  ...LIMIT_RULES,
  ...MAILBOX_RULES,
  ...UNKNOWN_USER_RULES,
  ...TRANSLATED_RULES,
  ...DOMAIN_RULES,
  ...TRANSPORT_RULES,
  ...SYSTEM_RULES,
  ...HINT_RULES,
];
