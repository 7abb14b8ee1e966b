/// <reference types="vite/types/importMeta.d.ts" />
/** Every regular expression that the pure modules put together, noted as they do. */
import type { Expression } from "./literals.ts";

const MODULES = import.meta.glob([
  "../../src/{domain,mail,providers}/**/*.ts",
  // Types of the worker's, and nothing that runs without it.
  "!../../src/**/*.d.ts",
]);
const FRAME = /\/src\/([\w/-]+\.ts):(\d+:\d+)/;

interface Classify {
  readonly classify: (signals: Readonly<Record<string, unknown>>) => unknown;
}

interface Reports {
  readonly otherReportOf: (mail: Readonly<Record<string, unknown>>) => unknown;
}

/** A place in a file, and what was put together there. */
export interface Constructed extends Expression {
  readonly place: string;
}

/** Loads the modules, and has those speak that put their expressions together when they need them. */
export async function constructedExpressions(): Promise<Constructed[]> {
  const found: Constructed[] = [];
  const Original = globalThis.RegExp;
  class Noted extends Original {
    constructor(pattern: RegExp | string, flags?: string) {
      super(pattern, flags);
      const [, file, place] = FRAME.exec(new Error().stack ?? "") ?? [];
      if (file !== undefined && place !== undefined) {
        found.push({ file, place, source: this.source, flags: this.flags });
      }
    }
  }
  globalThis.RegExp = Noted as unknown as RegExpConstructor;
  try {
    const loaded = await Promise.all(
      Object.entries(MODULES).map(async ([file, load]) => [file, await load()] as const),
    );
    const moduleOf = (name: string) => loaded.find(([file]) => file.endsWith(name))?.[1];
    (moduleOf("/mail/other-reports.ts") as Reports).otherReportOf({ type: "", text: "", parts: [], header: () => "" });
    (moduleOf("/domain/classify.ts") as Classify).classify({
      diagnosticCode: "smtp; 550 nobody has ever said this before",
      explanation: "nor that",
    });
  } finally {
    globalThis.RegExp = Original;
  }
  return found;
}
