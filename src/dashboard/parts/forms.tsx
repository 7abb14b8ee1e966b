/** Forms. Each works without script; each carries the token that `guard.ts` asks for. */
import type { Child } from "hono/jsx";
import { FORM_TOKEN_FIELD } from "../guard";

export function FormToken({ token }: { token: string }) {
  return <input type="hidden" name={FORM_TOKEN_FIELD} value={token} />;
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

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly value?: string | undefined;
  readonly type?: string;
  readonly required?: boolean;
  readonly placeholder?: string;
  readonly maxlength?: number;
}

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

/** On to older entries; the filters stay in the URL. */
export function Pager({ url, cursor }: { url: URL; cursor: string | null }) {
  const isLater = url.searchParams.has("cursor");
  if (cursor === null && !isLater) return null;
  return (
    <nav class="pager" aria-label="More">
      {isLater ? (
        <a class="button" href={withQuery(url, { cursor: null })}>
          Newest
        </a>
      ) : null}
      {cursor === null ? null : (
        <a class="button" href={withQuery(url, { cursor })} rel="next">
          Older
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
