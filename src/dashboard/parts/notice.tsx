/** What has just been done, told by a word in the URL: never a text of the URL itself. */
import { isUuid } from "../../domain/address";
import { ActionForm } from "./forms";

type Tone = "good" | "warn" | "bad";

const NOTICES: Readonly<Record<string, readonly [tone: Tone, words: string]>> = {
  blocked: ["good", "Blocked. Checks know it within a minute; strong and bulk checks at once."],
  "blocked-already": ["warn", "It is blocked already; nothing was changed."],
  released: ["good", "Released. Nothing that occurred before can suppress it again."],
  "released-some": [
    "warn",
    "Released, but for those who complained: releasing these needs your confirmation and a note that says why.",
  ],
  "too-many-to-erase": ["warn", "Nothing was changed: at most 50 can be erased at once."],
  "needs-force": [
    "warn",
    "Somebody of these complained. Releasing that needs your confirmation and a note that says why.",
  ],
  allowed: ["good", "On the allow-list: nothing automatic can suppress it."],
  disallowed: ["good", "Taken off the allow-list."],
  erased: ["good", "Erased. Nothing of it is kept."],
  "erased-suppressed": ["good", "Erased. Only its hash stays, so that it is not mailed again."],
  "erasure-pending": ["warn", "Erased from the journal and the list. The rest follows within a few minutes."],
  replayed: ["good", "Read again, and recorded."],
  "replayed-kept": ["warn", "Read again. What still cannot be read or believed stays here."],
  dismissed: ["good", "Dropped."],
  "body-gone": ["bad", "Its bytes are no longer kept."],
  imported: ["good", "Imported. Whoever is on the list and was not suppressed yet is so now, or within minutes."],
  "import-cut-off": ["warn", "The import was cut off. What was recorded stays; the same list again records the rest."],
  reverted: ["good", "Undone."],
  reverting: ["good", "It is being undone; for a long list that takes some minutes."],
  "policy-applied": ["good", "Applied: it holds from now on, and everybody has been decided about by it."],
  "policy-applying": ["good", "It holds from now on. Everybody is being decided about by it; that takes some minutes."],
  "policy-busy": ["warn", "Nothing was changed: another policy is still being applied or undone."],
  "policy-superseded": ["warn", "A policy that was applied later stands on top of this one: undo that first."],
  "incident-confirmed": ["good", "Confirmed: what was held counts, at once or within minutes."],
  "incident-dropped": ["good", "Dropped: what was held is withdrawn."],
  "incident-decided": ["warn", "Nothing was changed: it was decided otherwise before."],
  "nothing-chosen": ["warn", "Nothing was chosen. Tick the rows first."],
  "not-found": ["bad", "It is not there any more."],
  "bad-time": ["warn", "Nothing was changed: the end has to be a day to come."],
  "not-confirmed": ["warn", "Nothing was changed: confirm first that it is meant."],
  "test-recorded": ["good", "The test event was read and recorded: it is among the connection's events."],
  "test-unreadable": [
    "bad",
    "The adapter did not understand the test event. That is a fault of Bouncekeeper: please report it.",
  ],
  "test-failed": ["bad", "The test event could not be recorded: the database does not answer. Try again."],
  "test-unknown": ["warn", "There is no test event for this provider."],
  told: ["good", "It is told from now on."],
  "told-no-more": ["good", "It is told no more."],
  "notification-arrived": ["good", "The test arrived."],
  "notification-refused": ["bad", "The test did not arrive: the receiver cannot be reached, or did not take it."],
  resumed: ["good", "It goes on where it was left, within a minute."],
  redelivered: ["good", "What was given up is delivered again, within a minute."],
  "sync-pulled": ["good", "Its list was read. What it brought takes effect within minutes, and can be undone."],
  "sync-pushed": ["good", "Sent. What is left goes there within minutes."],
  "sync-failed": ["warn", "The provider did not do all of it; what it says is below. It is tried again by itself."],
  "sync-running": ["warn", "It is running already; look again in a minute."],
  "sync-paused": ["good", "Paused: neither read nor sent until it is resumed."],
  "secret-changed": ["good", "The new credentials are used from now on."],
  "bad-credentials": ["warn", "Nothing was changed: credentials are written as user:token."],
  failed: ["bad", "That did not work. Nothing was changed; try again."],
};

interface NoticeProps {
  /** Of the page: `done` says what was done, `batch` names what can be undone. */
  readonly url: URL;
  readonly token: string;
}

/**
 * What was just done, in words; with a button that undoes it where it was a batch. Nothing where the page's URL says
 * nothing that is known.
 */
export function Notice({ url, token }: NoticeProps) {
  const word = url.searchParams.get("done") ?? "";
  const notice = Object.hasOwn(NOTICES, word) ? NOTICES[word] : undefined;
  if (!notice) return null;
  const [tone, words] = notice;
  const batch = url.searchParams.get("batch");
  return (
    <div class={`notice ${tone}`} role="status">
      <span>{words}</span>
      {batch !== null && isUuid(batch) ? (
        <ActionForm action={`/dashboard/batches/${batch}/revert`} token={token} label="Undo">
          <input type="hidden" name="to" value={url.pathname + url.search} />
        </ActionForm>
      ) : null}
    </div>
  );
}
