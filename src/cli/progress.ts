/** How far long work has come: shown to who watches, and to nobody else. */
import type { Terminal } from "./terminal";

export interface Progress {
  readonly rows: (count: number) => void;
  readonly bytes: (count: number) => void;
  readonly end: () => void;
}

const INTERVAL_MS = 250;

/** Shows how far it has come four times a second, until `end`; nothing where nobody watches. */
export function startProgress({ isWatched, show }: Terminal): Progress {
  if (!isWatched) return { rows: () => {}, bytes: () => {}, end: () => {} };
  const startedAt = performance.now();
  let rows = 0;
  let bytes = 0;
  const timer = setInterval(() => show(lineOf(rows, bytes, (performance.now() - startedAt) / 1_000)), INTERVAL_MS);
  return {
    rows: (count) => {
      rows = count;
    },
    bytes: (count) => {
      bytes = count;
    },
    end: () => {
      clearInterval(timer);
      show("");
    },
  };
}

function lineOf(rows: number, bytes: number, seconds: number): string {
  const parts = [
    ...(rows > 0 ? [`${grouped(rows)} rows`, `${grouped(Math.round(rows / seconds))} rows/s`] : []),
    ...(bytes > 0 ? [`${(bytes / 1e6).toFixed(1)} MB`] : []),
    `${Math.round(seconds)} s`,
  ];
  return parts.join(", ");
}

/** 1,234,567 */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
