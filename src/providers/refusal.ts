/**
 * Why a provider refused to send, where it says so in a sentence of its own only: the reason names the list that the
 * address is on.
 */

/** The first that matches decides. Whatever names no such list is a policy, and suppresses nobody. */
const REASONS: readonly { readonly category: string; readonly pattern: RegExp }[] = [
  { category: "unsubscribed", pattern: /unsubscri|\bopt(?:ed)?[ -]?out/ },
  { category: "complained", pattern: /complain|spam report|(?:marked|reported) (?:.{1,40} )?as spam/ },
  { category: "bounced", pattern: /(?<![a-z])bounce[ds]?(?![a-z])/ },
  {
    category: "invalid",
    pattern:
      /\b(?:invalid|malformed) (?:e-?mail|recipient|mailbox)|recipient (?:address )?(?:is )?(?:invalid|malformed)/,
  },
];

/**
 * What a refusal stands for.
 *
 * @returns `unsubscribed`, `complained`, `bounced`, `invalid` or `policy`
 */
export function refusalCategory(reason: string | undefined): string {
  const text = (reason ?? "").toLowerCase();
  return REASONS.find(({ pattern }) => pattern.test(text))?.category ?? "policy";
}
