import type { Meaning } from "./format";

const BY_MEANING: Readonly<Partial<Record<Meaning, string>>> = {
  hard: `hard hardbounce hardbounced bounce bounces bounced permanent permanentbounce permanentfailure permanentfail
    invalid invalidemail invalidaddress invalidrecipient bademailaddress badmailbox undeliverable nonexistent
    doesnotexist nosuchuser cleaned`,
  complaint: `complaint complaints complained spam spamcomplaint spamcomplaints spamreport spamreports abuse fbl
    feedbackloop reportedspam markedasspam flaggedasspam`,
  unsubscribe: `unsubscribe unsubscribes unsubscribed unsub optout optedout listunsubscribe unsubscribelink
    globalunsubscribe globalunsubscribes groupunsubscribe`,
  manual: `manual manualblock manuallyadded manualsuppression manuallydeactivated admin adminblocked blocked blocklist
    blocklisted blacklist blacklisted denylist custom customer compliance suppressed domain soft softbounce softbounced`,
  none: "delivered active enabled subscribed allowed valid ok none",
};

/** What people and programs write in a column of reasons. A soft bounce on a list of suppressions: they gave up on it. */
export const REASON_WORDS: Readonly<Record<string, Meaning>> = Object.fromEntries(
  (Object.entries(BY_MEANING) as [Meaning, string][]).flatMap(([meaning, words]) =>
    words.split(/\s+/).map((word) => [word, meaning]),
  ),
);
