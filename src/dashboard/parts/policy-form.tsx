/** A policy as a form: a field for each key that an operator may write, whatever keys there are. */
import { isObject, type JsonObject } from "../../domain/json";
import { EFFECTS } from "../../domain/policy";
import { Fact } from "./facts";

/** Before the name of a key in the form. */
const FIELD = "policy.";

/** `soft_threshold` → `soft threshold` */
function wordsOf(name: string): string {
  return name.replaceAll("_", " ");
}

/** @param policy with every key */
export function PolicyFields({ policy, path = FIELD }: { policy: JsonObject; path?: string }) {
  const entries = Object.entries(policy);
  return (
    <>
      {entries.map(([name, value]) =>
        isObject(value) ? (
          <fieldset>
            <legend>{wordsOf(name)}</legend>
            <PolicyFields policy={value} path={`${path}${name}.`} />
          </fieldset>
        ) : (
          <PolicyField label={wordsOf(name)} name={`${path}${name}`} value={value} />
        ),
      )}
    </>
  );
}

function PolicyField({ label, name, value }: { label: string; name: string; value: unknown }) {
  if (typeof value === "boolean")
    return <Select label={label} name={name} value={value ? "yes" : "no"} options={["yes", "no"]} />;
  if (typeof value === "string" && (EFFECTS as readonly string[]).includes(value)) {
    return <Select label={label} name={name} value={value} options={EFFECTS} />;
  }
  return (
    <label>
      {label}
      <input
        type="text"
        name={name}
        value={Array.isArray(value) ? value.join(", ") : String(value)}
        autocomplete="off"
      />
    </label>
  );
}

function Select({
  label,
  name,
  value,
  options,
}: {
  label: string;
  name: string;
  value: string;
  options: readonly string[];
}) {
  return (
    <label>
      {label}
      <select name={name}>
        {options.map((option) => (
          <option value={option} selected={option === value}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
}

/**
 * The policy that a form says.
 *
 * @param full a policy with every key: what kind of value each has
 * @returns what is no number stays the text that it is, so that it is refused by its name
 */
export function policyIn(form: JsonObject, full: JsonObject, path = FIELD): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(full).map(([name, value]) => [
      name,
      isObject(value) ? policyIn(form, value, `${path}${name}.`) : valueIn(form[`${path}${name}`], value),
    ]),
  );
}

function valueIn(entered: unknown, like: unknown): unknown {
  if (typeof entered !== "string") return like;
  const text = entered.trim();
  if (typeof like === "boolean") return text === "yes";
  if (typeof like === "number") return numberIn(text);
  if (Array.isArray(like)) return text.split(",").map((part) => numberIn(part.trim()));
  return text;
}

function numberIn(text: string): number | string {
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** What a policy says, key by key. @param policy with every key */
export function PolicyFacts({ policy, path = "" }: { policy: JsonObject; path?: string }) {
  return (
    <>
      {Object.entries(policy).map(([name, value]) =>
        isObject(value) ? (
          <PolicyFacts policy={value} path={`${path}${wordsOf(name)}: `} />
        ) : (
          <Fact name={`${path}${wordsOf(name)}`}>
            {typeof value === "boolean"
              ? value
                ? "yes"
                : "no"
              : Array.isArray(value)
                ? value.join(", ")
                : String(value)}
          </Fact>
        ),
      )}
    </>
  );
}
