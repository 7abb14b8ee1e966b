/** Random plans: what may happen to a few recipients, in parallel, with faults, in every order. */
import fc from "fast-check";
import type { Moment, StoreName } from "./faults";
import { bounce, complaint, delivery, type PmtaClass, type PmtaRecord, remoteBounce } from "./pmta";

export const RECIPIENTS = ["ann", "bob", "cem"] as const;
export type Name = (typeof RECIPIENTS)[number];

/** Who says it. Not every source knows every word. */
export type Source = "inboxroad" | "powermta" | "api";

/** Something that was said about a message to a recipient. The same words are the same event. */
export interface Said {
  readonly what: string;
  readonly name: Name;
  readonly message: number;
  /** How long before the plan began, in steps of 97 minutes: it spans some days and meets no round number. */
  readonly age: number;
}

const AGE_STEP_MS = 97 * 60_000;
const YOUNGEST_MS = 30 * 60_000;

const CLASSES: readonly PmtaClass[] = ["soft", "hard", "expired", "block"];

const BY_RECORD: Readonly<Record<string, (about: Parameters<typeof delivery>[0]) => PmtaRecord>> = {
  delivered: delivery,
  complained: complaint,
  returned: (about) => remoteBounce("soft", about),
  ...Object.fromEntries(CLASSES.map((c) => [c, (about: Parameters<typeof delivery>[0]) => bounce(c, about)])),
};

const BY_EVENT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  delivered: { kind: "delivered" },
  complained: { kind: "complained" },
  unsubscribed: { kind: "unsubscribed" },
  echoed: { kind: "rejected", category: "complained" },
  refused: { kind: "rejected", category: "policy" },
  deferred: { kind: "deferred" },
  allowed: { kind: "manual_allow" },
  disallowed: { kind: "manual_disallow" },
  ...Object.fromEntries(CLASSES.map((c) => [c, { kind: "bounced", class: c }])),
};

/** The words that a source knows. */
export function canSay(source: Source, { what }: Said): boolean {
  return Object.hasOwn(source === "api" ? BY_EVENT : BY_RECORD, what);
}

/** What a source posts to say it. @param begin epoch ms */
export function inWordsOf(source: Source, { what, message, age }: Said, recipient: string, begin: number): object {
  const at = begin - YOUNGEST_MS - age * AGE_STEP_MS;
  if (source !== "api") return BY_RECORD[what]?.({ recipient, message: `${message}`, at }) ?? {};
  const internetMessageId = `<${message}@news.example.com>`;
  // A command is never taken for a repetition by what it says.
  const id = what.endsWith("allowed") ? { id: `${what} ${message} ${age}` } : {};
  return { ...BY_EVENT[what], ...id, recipient, internetMessageId, occurredAt: new Date(at).toISOString() };
}

/** Strikes at some steps of an action, or at all steps of a store. */
export interface Trouble {
  readonly strikes: readonly { readonly step: number; readonly moment: Moment }[];
  readonly dead: StoreName | null;
}

export type Action =
  | { readonly type: "post"; readonly source: Source; readonly says: readonly number[]; readonly trouble: Trouble }
  | { readonly type: "block" | "release" | "rebuild"; readonly name: Name; readonly trouble: Trouble }
  | { readonly type: "cron"; readonly trouble: Trouble };

export interface Plan {
  readonly policy: Readonly<Record<string, unknown>>;
  /** What there is to say; posts pick from it, so that the same is said often and in ever other company. */
  readonly said: readonly Said[];
  /** Few, one after another, so that what goes wrong is not healed by what follows; the actions of one run at the same time. */
  readonly rounds: readonly (readonly Action[])[];
}

/** Most of it happens to one of them, so that it collides; the others share its requests. */
const name = fc.constantFrom<Name>("ann", "ann", "ann", "ann", ...RECIPIENTS);

const what = fc.oneof(
  { weight: 8, arbitrary: fc.constant("soft") },
  { weight: 6, arbitrary: fc.constant("delivered") },
  { weight: 2, arbitrary: fc.constantFrom("returned", "expired", "block") },
  { weight: 2, arbitrary: fc.constantFrom("hard", "complained", "unsubscribed", "echoed") },
  { weight: 1, arbitrary: fc.constantFrom("refused", "deferred", "allowed", "disallowed") },
);

const said = fc.record({ what, name, message: fc.nat(5), age: fc.nat(20) });

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ strikes: [], dead: null }) },
  {
    weight: 4,
    arbitrary: fc.record({
      strikes: fc.array(fc.record({ step: fc.nat(8), moment: fc.constantFrom<Moment>("before", "after") }), {
        minLength: 1,
        maxLength: 3,
      }),
      dead: fc.constant(null),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<StoreName>("db", "kv", "object").map((dead) => ({ strikes: [], dead })),
  },
);

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("post" as const),
      source: fc.constantFrom<Source>("inboxroad", "powermta", "api"),
      says: fc.array(fc.nat(13), { minLength: 1, maxLength: 4 }),
      trouble,
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom("block" as const, "release" as const), name, trouble }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("rebuild" as const), name, trouble }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("cron" as const), trouble }) },
);

export const plans: fc.Arbitrary<Plan> = fc.record({
  policy: fc.constantFrom(
    {},
    { soft_threshold: 2 },
    { soft_threshold: 3, window_days: 1 },
    { soft_threshold: 2, soft_suppression_days: 30 },
    { soft_threshold: 3, reset_on_delivery: false },
    { soft_threshold: 2, probation: { enabled: true, steps_days: [0.1, 0.5] } },
    { soft_threshold: 2, effects: { block: "count", complained: "record" } },
  ),
  said: fc.array(said, { minLength: 4, maxLength: 14 }),
  rounds: fc.array(fc.array(action, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
});
