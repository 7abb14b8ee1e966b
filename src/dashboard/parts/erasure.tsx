/** What is asked before somebody is erased. */

/**
 * What has to be answered before something is erased: does the hash stay suppressed? The field is `keep`, `yes` or
 * `no`.
 *
 * @param words what is erased
 */
export function ErasureQuestions({ words }: { words: string }) {
  return (
    <>
      <p>{words}</p>
      <fieldset>
        <legend>Afterwards</legend>
        <label class="check">
          <input type="radio" name="keep" value="yes" checked />
          Not to be mailed again: the hash of the address alone stays, suppressed
        </label>
        <label class="check">
          <input type="radio" name="keep" value="no" />
          Nothing stays: it may be mailed, as if it had never been heard of
        </label>
      </fieldset>
      <label class="check">
        <input type="checkbox" name="sure" value="yes" required />I know that this cannot be undone
      </label>
    </>
  );
}
