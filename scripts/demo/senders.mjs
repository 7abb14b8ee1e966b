/**
 * Who speaks to the worker, and how: every provider that can be played on this machine. Another one is an entry in a
 * file of `senders/`; its secret in `.dev.vars` and its part of the story follow from that.
 *
 *   provider     the word in its URL, and in the story
 *   weight       its share of the messages
 *   proof        how it proves itself, from `proofs.mjs`
 *   words        its words for what can become of a message, by category, class or kind (`outcomes.mjs`); where it has
 *                none, it does not tell of it
 *   record       an event and its word as the provider's record, or as several
 *   body         how records are put together, `batchSize` at a time; left out: one at a time, as JSON
 *   contentType  left out: JSON
 *   method       `GET`: the body is the URL's query
 *   isSilent     answers without counts
 *   secret, path where they do not follow from the provider's name
 */
import { KEY_PAIRS } from "./senders/key-pairs.mjs";
import { OWN_FORMAT } from "./senders/own-format.mjs";
import { OWN_SERVERS } from "./senders/own-servers.mjs";
import { SHARED_SECRET } from "./senders/shared-secret.mjs";
import { SHARED_SECRET_IN_DETAIL } from "./senders/shared-secret-in-detail.mjs";
import { SIGNED_BODY } from "./senders/signed-body.mjs";
import { SIGNED_IN_PART } from "./senders/signed-in-part.mjs";
import { STANDARD_WEBHOOKS } from "./senders/standard-webhooks.mjs";
import { wordOf } from "./told.mjs";

const ENTRIES = [
  ...OWN_SERVERS,
  ...OWN_FORMAT,
  ...SHARED_SECRET,
  ...SHARED_SECRET_IN_DETAIL,
  ...SIGNED_BODY,
  ...SIGNED_IN_PART,
  ...STANDARD_WEBHOOKS,
  ...KEY_PAIRS,
];

export const SENDERS = ENTRIES.map((entry) => ({
  secret: `WEBHOOK_${entry.provider.replaceAll("-", "_").toUpperCase()}`,
  path: `/webhooks/${entry.provider}`,
  method: "POST",
  contentType: "application/json",
  batchSize: 1,
  body: ([record]) => JSON.stringify(record),
  ...entry,
  tells: (event) => wordOf(entry, event) !== undefined,
  recordsOf: (event) => [entry.record(event, wordOf(entry, event))].flat(),
}));

/** Provider → why nobody on this machine can speak for it. */
export const NOT_PLAYED = {
  ses: "signed with certificates that only Amazon's hosts hand out",
  scaleway: "signed with certificates that only Scaleway's hosts hand out",
  "cloudflare-email": "comes by a queue",
};
