/** Finding addresses in what people and machines write. Nothing here decides whether one is valid. */

/** Punctuation that Chinese and Japanese text puts right beside an address. */
const WIDE = "，。：；、！？（）「」『』【】《》〈〉“”…　";

/**
 * A local part, quoted or not, and a domain; for expressions of other modules. Bounded on both sides (RFC 5321
 * §4.5.3.1), with some room for what gateways put into local parts.
 */
export const ADDRESS_PATTERN = String.raw`(?:"[^"\x00-\x1f\x7f]{1,100}"|[^\s\x00-\x1f\x7f<>()[\]",;:\\|@${WIDE}]{1,160})@(?:\[[0-9a-fA-F.:]{3,60}\]|[^\s\x00-\x1f\x7f<>()[\]",;:\\|@'\x60!?*={}/${WIDE}]{1,255})`;
const ADDRESS = new RegExp(ADDRESS_PATTERN, "g");
const TRIM_START = /^(?:mailto:|smtp:|rfc822;|['`*{/]|=(?!\?))+/i;
const TRIM_END = /(?<![.'`}*])[.'`}*]+$/;
/** Chinese, Japanese and Korean need no blank between a word and an address. */
const UNSPACED = String.raw`[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]`;
const UNSPACED_BEFORE = new RegExp(`^${UNSPACED}+(?=[a-z0-9])`, "iu");
const UNSPACED_AFTER = new RegExp(String.raw`(@(?:[a-z0-9-]+\.)+[a-z]{2,63})${UNSPACED}[^]*$`, "iu");

/** Every address in a text, in order, as written. */
export function addressesIn(text: string): string[] {
  if (!text.includes("@")) return [];
  return [...text.matchAll(ADDRESS)]
    .map((match) => tidyAddress(match[0]))
    .filter((address) => /[^@]@[^@]/.test(address));
}

/** The first address in a text, as written. */
export function firstAddressIn(text: string): string | undefined {
  return addressesIn(text)[0];
}

/** Without the punctuation and the words of the sentence around it. */
function tidyAddress(address: string): string {
  const tidy = address.replace(TRIM_START, "").replace(TRIM_END, "");
  return /^[\x21-\x7e]*$/.test(tidy) ? tidy : tidy.replace(UNSPACED_BEFORE, "").replace(UNSPACED_AFTER, "$1");
}

/** Do two spellings name one mailbox? */
export function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
