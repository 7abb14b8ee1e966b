/// <reference types="vite/types/importMeta.d.ts" />
/**
 * The demo's table of senders, held against the providers there are: each is played or it is said why not, and each
 * says what the story means. That the signatures are good is seen where the demo runs, in `start.test.ts`.
 */
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import type { Adapter, ParseContext, ParseOutcome } from "../../src/providers/adapter.ts";

/** What can become of a message, and, with a recipient and a time, an event of the story. */
interface Outcome {
  readonly kind: string;
  readonly class?: string;
  readonly category?: string;
  /** Of what is rejected: what that stands for. */
  readonly list?: string;
}

interface Sender {
  readonly provider: string;
  readonly method: string;
  readonly contentType: string;
  readonly proof: { make(): { secret: string } };
  tells(event: Outcome): boolean;
}

interface Read {
  readonly kind: string;
  readonly recipient: string;
  readonly class: string | undefined;
  readonly category: string | undefined;
}

const demo = (name: string) => import(pathToFileURL(`scripts/demo/${name}.mjs`).href);
const { SENDERS, NOT_PLAYED }: { SENDERS: Sender[]; NOT_PLAYED: Record<string, string> } = await demo("senders");
const { OUTCOMES }: { OUTCOMES: Outcome[] } = await demo("outcomes");
const { requestsOf } = await demo("posting");

/** By glob, as in `test/architecture.test.ts`: by name they would be checked against Node's types. */
const modules = import.meta.glob<Record<string, unknown>>(
  ["../../src/providers/{registry,own-format}.ts", "../../src/domain/classify.ts", "../../src/pipeline/parse.ts"],
  { eager: true },
);
const { ADAPTERS, ownFormat, classify, parseSafely } = Object.assign({}, ...Object.values(modules)) as {
  ADAPTERS: readonly Adapter[];
  ownFormat: Adapter;
  classify: (evidence: unknown) => { class: string };
  parseSafely: (
    deps: { readonly log: Console },
    adapter: Adapter | undefined,
    request: unknown,
    context: ParseContext,
  ) => Promise<ParseOutcome>;
};
const adapterOf = ({ provider }: Sender) => [...ADAPTERS, ownFormat].find(({ id }) => id === provider);

/** An even and an odd second: SMTPeter's failures come back by mail every other time. */
const TIMES = ["2026-11-21T10:00:00.250Z", "2026-11-21T10:00:01.750Z"].map(Date.parse);

function eventsOf(outcome: Outcome) {
  return TIMES.map((at, index) => {
    const id = `1-1-${index}`;
    const message = {
      id,
      messageId: `${id}@mail.example.com`,
      campaign: "autumn-sale",
      sender: "news@mail.example.com",
    };
    return { ...outcome, ...message, recipient: `ada.${index}+news@example.net`, at };
  });
}

/** What is read in the sender's requests, each thing once: SMTPeter tells of a bounce twice. */
async function read(sender: Sender, event: object): Promise<Read[]> {
  const requests: { body: string }[] = requestsOf([{ ...event, provider: sender.provider }], [sender]);
  const events = await Promise.all(requests.map(({ body }) => readRequest(sender, body)));
  return [...new Map(events.flat().map((one) => [JSON.stringify(one), one])).values()];
}

async function readRequest(sender: Sender, body: string): Promise<Read[]> {
  const url = new URL(`https://hooks.example.com/${sender.method === "GET" ? `?${body}` : ""}`);
  const request = {
    method: sender.method,
    url,
    headers: new Headers({ "content-type": sender.contentType }),
    body: new TextEncoder().encode(sender.method === "GET" ? "" : body),
  };
  const parsed = await parseSafely({ log: console }, adapterOf(sender), request, { receivedAt: Date.now() });
  if (parsed.type !== "items") throw new Error(`${sender.provider}: ${JSON.stringify(parsed)}`);
  return parsed.items.flatMap((item) => {
    if (item.type !== "events") throw new Error(`${sender.provider}: ${JSON.stringify(item)} of ${body}`);
    return item.drafts.map((draft) => ({
      kind: draft.kind,
      recipient: draft.recipient,
      class: draft.kind === "bounced" ? classify(draft).class : undefined,
      category: draft.kind === "rejected" ? draft.category : undefined,
    }));
  });
}

test("every provider is played, or it is said why not", () => {
  const played = SENDERS.map(({ provider }) => provider).filter((provider) => provider !== ownFormat.id);
  expect([...played, ...Object.keys(NOT_PLAYED)].sort()).toEqual(ADAPTERS.map(({ id }) => id).sort());
});

describe.each(SENDERS.map((sender) => [sender.provider, sender] as const))("%s", (provider, sender) => {
  const told = OUTCOMES.filter((outcome) => sender.tells(outcome));

  test("says what the story means", async () => {
    expect(told.length).toBeGreaterThan(0);
    for (const outcome of told) {
      for (const event of eventsOf(outcome)) {
        const { kind, class: bounceClass, list: category } = outcome;
        const events = await read(sender, event);
        const expected = { kind, recipient: event.recipient, class: bounceClass, category };
        expect(events, JSON.stringify(outcome)).toEqual([expected]);
      }
    }
  });

  // Our own format is posted with an operator's token: there is no webhook's secret.
  if (provider === ownFormat.id) return;
  test("gets a secret that the worker can use", () => {
    expect(adapterOf(sender)?.readCredential(sender.proof.make().secret)).toMatchObject({ ok: true });
  });
});
