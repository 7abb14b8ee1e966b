/// <reference types="vite/types/importMeta.d.ts" />
/**
 * Fixtures: `test/fixtures/<provider>/<case>.json|.txt` is a body as the provider posts it (less the file's final
 * newline), `<case>.expected.json` beside it what the adapter must read in it.
 */
import { expect } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { classify } from "../../src/domain/classify";
import type { EventDraft } from "../../src/domain/event";
import type { ParsedItem, ParseOutcome } from "../../src/providers/adapter";

/** Loaded when asked for: a provider's test needs its own folder only. */
const FILES = import.meta.glob<string>("../fixtures/*/*.{json,txt}", { query: "?raw", import: "default" });
const FILE = /\/fixtures\/([^/]+)\/([^/]+?)(\.expected)?\.(json|txt)$/;

export interface Payload {
  readonly body: Uint8Array;
  readonly contentType: string;
}

export interface Fixture extends Payload {
  readonly name: string;
  readonly expected: unknown;
}

/** @param textType the content type of the provider's `.txt` fixtures */
export async function fixturesOf(provider: string, textType: string): Promise<Fixture[]> {
  const paths = Object.keys(FILES).map((path) => ({ path, parts: FILE.exec(path) ?? [] }));
  const bodies = paths.filter(({ parts }) => parts[1] === provider && !parts[3]);
  return Promise.all(
    bodies.map(async ({ path, parts: [, folder, name = "", , extension] }) => ({
      name,
      body: utf8Bytes((await textOf(path)).replace(/\r?\n$/, "")),
      contentType: extension === "json" ? "application/json" : textType,
      expected: JSON.parse(await textOf(`../fixtures/${folder}/${name}.expected.json`)),
    })),
  );
}

async function textOf(path: string): Promise<string> {
  const load = FILES[path];
  if (!load) throw new Error(`there is no ${path}`);
  return load();
}

/** Without these an expectation could pass for the wrong person, the wrong thing or the wrong time. */
const MUST_BE_STATED = ["kind", "recipient", "occurredAt"];

/**
 * Compares what was read with what is expected: an array of items, or an object for an outcome without items. Drafts
 * need only match in what is stated; `null` states that something is absent. `occurredAt` is written as ISO 8601,
 * and a bounce's `class` is what the classification makes of the draft. Of a mail, `about` is what the record says beside it.
 */
export function expectOutcome(outcome: ParseOutcome, expected: unknown): void {
  const actual = outcome.type === "items" ? outcome.items.map(itemOf) : outcome;
  for (const draft of draftsIn(expected)) {
    const required = draft.kind === "bounced" ? [...MUST_BE_STATED, "class"] : MUST_BE_STATED;
    expect(Object.keys(draft), "an expectation must state these").toEqual(expect.arrayContaining(required));
  }
  expect(projected(actual, expected)).toEqual(expected);
}

function itemOf(item: ParsedItem): unknown {
  if (item.type === "events") return { ...item, drafts: item.drafts.map(withReadableParts) };
  if (item.type !== "mail") return item;
  return { ...item, raw: new TextDecoder().decode(item.raw), about: withReadableTime(item.about) };
}

function withReadableParts(draft: EventDraft): unknown {
  return { ...withReadableTime(draft), class: draft.kind === "bounced" ? classify(draft).class : null };
}

function withReadableTime<T extends Pick<EventDraft, "occurredAt">>(stated: T) {
  const { occurredAt } = stated;
  return { ...stated, occurredAt: occurredAt === undefined ? null : new Date(occurredAt).toISOString() };
}

function draftsIn(expected: unknown): Record<string, unknown>[] {
  const items = Array.isArray(expected) ? expected : [];
  return items.flatMap((item) => (item as { drafts?: Record<string, unknown>[] }).drafts ?? []);
}

/** The part of a value that the expectation speaks of. Lists are never shortened. */
function projected(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(expected)) {
    return Array.isArray(actual)
      ? actual.map((value, i) => (i < expected.length ? projected(value, expected[i]) : value))
      : actual;
  }
  if (typeof expected !== "object" || expected === null || typeof actual !== "object" || actual === null) {
    return actual ?? null;
  }
  const values = actual as Record<string, unknown>;
  return Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, projected(values[key], value)]));
}

/** Every draft of an outcome. */
export function draftsOf(outcome: ParseOutcome): readonly EventDraft[] {
  return outcome.type === "items" ? outcome.items.flatMap((item) => (item.type === "events" ? item.drafts : [])) : [];
}
