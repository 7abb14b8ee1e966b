/**
 * Inboxroad: posts PowerMTA accounting records to a URL that its support registers.
 *
 * Manual: https://www.inboxroad.com/documentation/webhook-handling-email-events/ (read 2026-11). It describes no
 * signature: the secret is part of the URL, or a header that the operator adds.
 * The classes are its own published bounce mapper to the letter; PowerMTA's other categories, which the mapper
 * leaves out, are as for PowerMTA.
 */
import { BOUNCE_CATEGORIES, powerMtaAdapter } from "./powermta";

const BOUNCE_MAPPER = {
  "bad-mailbox": "hard",
  "bad-domain": "hard",
  "quota-issues": "soft",
  "inactive-mailbox": "soft",
  "no-answer-from-host": "soft",
  "relaying-issues": "soft",
  "routing-errors": "soft",
  "message-expired": "expired",
} as const;

export const inboxroad = powerMtaAdapter({
  id: "inboxroad",
  title: "Inboxroad",
  manual: "https://www.inboxroad.com/documentation/webhook-handling-email-events/",
  setUp: [
    "Make up a long secret and set it: {secret}",
    "Ask Inboxroad’s support to post to {url} with ?token=<secret> behind it; or with the header X-Webhook-Token, where you can add one yourself.",
  ],
  categories: { ...BOUNCE_CATEGORIES, ...BOUNCE_MAPPER },
});
