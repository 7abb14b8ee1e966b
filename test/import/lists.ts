/// <reference types="vite/types/importMeta.d.ts" />
/** What a list states, in short, and the lists that are kept as files. */
import type { EventDraft } from "../../src/domain/event";
import type { ListRow } from "../../src/import/entry";
import { type ListOptions, openList } from "../../src/import/list";
import { inChunks } from "../csv/chunks";

const FILES = import.meta.glob<string>("../fixtures/lists/*.{csv,json,ndjson}", {
  query: "?raw",
  import: "default",
  eager: true,
});
const EXPECTED = /\.expected\.json$/;

export const NOW = Date.UTC(2030, 0, 15, 12);

/** Files that are lists, by name. */
export function listFiles(): string[] {
  const names = Object.keys(FILES).map((file) => file.slice(file.lastIndexOf("/") + 1));
  return names.filter((name) => !EXPECTED.test(name));
}

export function contentOf(name: string): string {
  return FILES[`../fixtures/lists/${name}`] ?? "";
}

export interface ExpectedList {
  readonly format: string;
  readonly rows: readonly string[];
}

export function expectedOf(name: string): ExpectedList {
  return JSON.parse(contentOf(`${name}.expected.json`)) as ExpectedList;
}

export interface ReadList {
  readonly format: string;
  readonly rows: readonly ListRow[];
}

/** Reads a list that must be readable, in chunks that cut it anywhere. */
export async function read(
  content: string | Uint8Array,
  options: Partial<ListOptions> = {},
  bytes = 13,
): Promise<ReadList> {
  const list = await openList(inChunks(content, bytes), { now: NOW, ...options });
  if (!list.ok) throw new Error(`${list.error.code}: ${list.error.detail}`);
  const rows: ListRow[] = [];
  for await (const some of list.value.rows) rows.push(...some);
  return { format: list.value.format.id, rows };
}

/** The error that a list is refused with. */
export async function refusal(content: string | Uint8Array, options: Partial<ListOptions> = {}) {
  const list = await openList(inChunks(content, 13), { now: NOW, ...options });
  return list.ok ? null : list.error;
}

/** `12 ann@example.com: bounced hard 2024-10-18T18:28:14.000Z` */
export function inShort({ line, recipient, outcome }: ListRow): string {
  const what = outcome.type === "entries" ? outcome.drafts.map(statedBy).join(", ") : `${outcome.type} ${outcome.code}`;
  return `${line} ${recipient ?? "-"}: ${what}`;
}

function statedBy({ kind, stated, occurredAt, expiresAt, statusCode, metadata }: EventDraft): string {
  const time = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());
  const until = time(expiresAt);
  const parts = [kind, stated?.class, time(occurredAt), until && `until ${until}`, statusCode, metadata?.note];
  return parts.filter((part) => part !== undefined).join(" ");
}
