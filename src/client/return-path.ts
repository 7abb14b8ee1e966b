/**
 * For senders: an envelope sender of one's own for each recipient, signed, so that what comes back to it can be
 * believed. docs/bounce-mail.md says how to use it.
 */
import { makeReturnPath, type ReturnPathError } from "../mail/verp";

export interface ReturnPathOptions {
  /** One of the worker's `VERP_KEYS`; at least 16 characters. */
  readonly key: string;
  /** The domain whose mail comes to the worker: `return.example.com`. */
  readonly domain: string;
  /** What the addresses begin with. Default `bounces`. */
  readonly prefix?: string;
  /** Between the prefix and the rest: the receiving server's recipient delimiter. Default `+`. */
  readonly delimiter?: string;
}

/** The envelope sender (MAIL FROM) of a mail to this recipient, of this stream of mail (default `mail`). */
export type ReturnPathOf = (recipient: string, stream?: string) => Promise<string>;

/** What is wrong, without the values. */
const ERRORS: Readonly<Record<ReturnPathError, string>> = {
  bad_key: "key: at least 16 characters",
  bad_prefix: "prefix: at most 21 letters, digits, dots, underscores and hyphens, and nothing that looks signed",
  bad_delimiter: "delimiter: one of + = _ . ~ -",
  bad_stream: "stream: 1 to 15 letters and digits",
  bad_domain: "domain: a domain name",
  bad_recipient: "recipient: an address",
};

/**
 * Makes the function that makes return paths.
 *
 * @returns a function that rejects with a TypeError where an option or the recipient cannot be used
 */
export function createReturnPaths({
  key,
  domain,
  prefix = "bounces",
  delimiter = "+",
}: ReturnPathOptions): ReturnPathOf {
  return async (recipient, stream = "mail") => {
    const address = await makeReturnPath(recipient, { prefix, delimiter, stream, domain }, key);
    if (!address.ok) throw new TypeError(ERRORS[address.error]);
    return address.value;
  };
}
