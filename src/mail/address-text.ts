/** Finding addresses in what people and machines write. Nothing here decides whether one is valid. */

/**
 * A local part, quoted or not, and a domain. Bounded on both sides (RFC 5321 §4.5.3.1), with some room for what gateways
 * put into local parts.
 */
const ADDRESS =
  /(?:"[^"\r\n]{1,100}"|[^\s<>()[\]",;:\\|@]{1,160})@(?:\[[0-9a-fA-F.:]{3,60}\]|[^\s<>()[\]",;:\\|@'`!?*={}]{1,255})/g;
const TRIM_START = /^(?:mailto:|smtp:|rfc822;|['`*{]+|=(?!\?))+/i;
const TRIM_END = /[.'`}*]+$/;

/** Every address in a text, in order, as written. */
export function addressesIn(text: string): string[] {
  return [...text.matchAll(ADDRESS)].map((match) => tidyAddress(match[0]));
}

export function firstAddressIn(text: string): string | undefined {
  return addressesIn(text)[0];
}

/** Without the punctuation of the sentence around it. */
function tidyAddress(address: string): string {
  return address.replace(TRIM_START, "").replace(TRIM_END, "");
}

/** Do two spellings name one mailbox? */
export function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
