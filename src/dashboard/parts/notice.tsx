/** What has just been done, told by a word in the URL: never a text of the URL itself. */
const NOTICES: Readonly<Record<string, readonly [tone: "good" | "warn" | "bad", words: string]>> = {
  blocked: ["good", "Blocked. Senders are told so within a minute; strong and bulk checks at once."],
  released: ["good", "Released. Nothing that occurred before can suppress it again."],
  "needs-force": ["warn", "The recipient complained. To release it, confirm that and say why."],
  allowed: ["good", "On the allow-list: nothing automatic can suppress it."],
  disallowed: ["good", "Taken off the allow-list."],
  erased: ["good", "Erased: events, counters and cached answers are gone."],
  "erased-suppressed": ["good", "Erased. Only the hash stays, so that it is not mailed again."],
  replayed: ["good", "Read again, and recorded."],
  "replayed-kept": ["warn", "Read again. It still cannot be read or believed, so it stays."],
  dismissed: ["good", "Dropped."],
  "body-gone": ["bad", "Its bytes are no longer kept."],
  reverted: ["good", "Undone."],
  "nothing-chosen": ["warn", "Nothing was chosen."],
  "not-found": ["bad", "It is not there any more."],
  failed: ["bad", "That did not work. Nothing was changed; try again."],
};

export function Notice({ word }: { word: string | undefined }) {
  const notice = word !== undefined && Object.hasOwn(NOTICES, word) ? NOTICES[word] : undefined;
  if (!notice) return null;
  const [tone, words] = notice;
  return (
    <div class={`notice ${tone}`} role="status">
      {words}
    </div>
  );
}
