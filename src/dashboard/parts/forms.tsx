/** Forms. Each works without script; each carries the token that `guard.ts` asks for. */
import type { Child } from "hono/jsx";
import { FORM_TOKEN_FIELD } from "../guard";

/** Proves that a form is of our own page. @param token of the session */
export function FormToken({ token }: { token: string }) {
  return <input type="hidden" name={FORM_TOKEN_FIELD} value={token} />;
}

interface ActionFormProps {
  readonly action: string;
  readonly token: string;
  /** What its button says. */
  readonly label: string;
  readonly isPrimary?: boolean;
  /** Hidden fields. */
  readonly children?: Child;
}

/** A button that does something at once. */
export function ActionForm({ action, token, label, isPrimary = false, children }: ActionFormProps) {
  return (
    <form method="post" action={action}>
      <FormToken token={token} />
      {children}
      <button class={isPrimary ? "primary" : undefined} type="submit">
        {label}
      </button>
    </form>
  );
}

interface ConfirmProps {
  /** What the button that opens it says. */
  readonly label: string;
  readonly action: string;
  readonly token: string;
  /** What the button that does it says. */
  readonly submit: string;
  readonly isDangerous?: boolean;
  readonly children?: Child;
}

/** Something to think about for a moment: opens a form that says what will happen and asks for what it needs. */
export function Confirm({ label, action, token, submit, isDangerous = false, children }: ConfirmProps) {
  return (
    <details class={isDangerous ? "confirm danger" : "confirm"}>
      <summary>{label}</summary>
      <form method="post" action={action} class="stack">
        <FormToken token={token} />
        {children}
        <div class="actions">
          <button type="submit" class={isDangerous ? "danger" : "primary"}>
            {submit}
          </button>
        </div>
      </form>
    </details>
  );
}

/** In UTF-16 units, as forms and the API count. */
export const MAX_NOTE_LENGTH = 2_000;

/** Why: for whoever looks at it later. */
export function Note({ isRequired = false }: { isRequired?: boolean }) {
  return (
    <label>
      {isRequired ? "Why" : "Why (if you like)"}
      <input type="text" name="note" maxlength={MAX_NOTE_LENGTH} required={isRequired} autocomplete="off" />
    </label>
  );
}

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly value?: string | undefined;
  readonly type?: string;
  readonly required?: boolean;
  readonly placeholder?: string;
  readonly maxlength?: number;
}

/** A labelled line of text; the other properties are those of `<input>`. */
export function Field({ label, ...input }: FieldProps) {
  return (
    <label>
      {label}
      <input type="text" autocomplete="off" {...input} />
    </label>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly name: string;
  readonly value?: string | undefined;
  /** Value and words; an empty value is "any". */
  readonly options: readonly (readonly [value: string, words: string])[];
}

/** One of some options, each with its words; `value` is the one that is chosen. */
export function Choice({ label, name, value = "", options }: ChoiceProps) {
  return (
    <label>
      {label}
      <select name={name}>
        {options.map(([option, words]) => (
          <option value={option} selected={option === value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

interface FiltersProps {
  readonly action: string;
  /** Is anything filtered? Then all of it can be taken away. */
  readonly isSet: boolean;
  readonly children?: Child;
}

/** What a list shows: by GET, so that the URL says it and can be shared. */
export function Filters({ action, isSet, children }: FiltersProps) {
  return (
    <form class="panel" action={action} aria-label="Filter">
      <div class="filters">
        {children}
        <div class="actions">
          <button class="primary" type="submit">
            Show
          </button>
          {isSet ? <a href={action}>Clear</a> : null}
        </div>
      </div>
    </form>
  );
}

export interface PagerProps {
  readonly url: URL;
  /** Where the next page begins; `null`: this is the last. */
  readonly cursor: string | null;
  /** The page ends because enough was looked at, not because it is full. */
  readonly isCut?: boolean;
}

/** On to the next page; the filters stay in the URL. */
export function Pager({ url, cursor, isCut = false }: PagerProps) {
  const isLater = url.searchParams.has("cursor");
  if (cursor === null && !isLater) return null;
  return (
    <nav class="pager" aria-label="More">
      {isCut ? <span class="soft small">There is more to look through.</span> : null}
      {isLater ? (
        <a class="button" href={withQuery(url, { cursor: null })}>
          To the beginning
        </a>
      ) : null}
      {cursor === null ? null : (
        <a class="button" href={withQuery(url, { cursor })} rel="next">
          {isCut ? "Search on" : "More"}
        </a>
      )}
    </nav>
  );
}

/** The same page with other parameters; `null` and the empty text take one away. */
export function withQuery(url: URL, changes: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams(url.searchParams);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? url.pathname : `${url.pathname}?${text}`;
}
