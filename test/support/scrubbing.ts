/** Scrubbing lists, where a few recipients are suppressed: as a sender's system does it. */
import { beforeAll, expect } from "vitest";
import type { Env } from "../../src/config";
import { block, bounced, report } from "./reports";
import { MINUTE_MS, START_MS } from "./stage";
import { api, CHECK, jsonOf } from "./worker";

export const AT = START_MS - MINUTE_MS;
export const GONE = "gone@example.com";
export const ANGRY = "angry@example.com";
/** Of a subscriber of listmonk's. */
export const UUID = "5e1c7f2a-8a4e-4c57-9f0e-0d6a3f3b2c11";

/** Suppresses these, an international address and a domain, for all tests of a file. */
export function setSuppressed(): void {
  beforeAll(async () => {
    await report(bounced(GONE, "hard", AT));
    await report({ kind: "complained", recipient: ANGRY, at: AT });
    await report(bounced("jörg@example.com", "hard", AT));
    await report(bounced(UUID, "hard", AT));
    await block("@blocked.example");
    await report({ kind: "manual_allow", recipient: "boss@blocked.example" });
  });
}

interface ScrubCall {
  readonly query?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly env?: Env;
}

export function scrub(body: BodyInit, { query = "", type = "text/csv", headers = {}, env }: ScrubCall = {}) {
  const options = { body, headers: { ...CHECK, "content-type": type, ...headers } };
  return api(`/v1/scrub?${query}`, { ...options, ...(env ? { env } : {}) });
}

/** What comes back of a list, which must be taken. */
export async function scrubbed(body: BodyInit, query = "", type = "text/csv"): Promise<string> {
  const response = await scrub(body, { query, type });
  expect(response.status).toBe(200);
  return response.text();
}

/** What the service keeps of a scrubbing. */
export async function reportOf(response: Response) {
  const path = response.headers.get("x-scrub-report") ?? "";
  return jsonOf(await api(path, { headers: CHECK }));
}

/** One who may be mailed, one who must not, and one without an address. */
export const CSV = `name,email,city\r\nAnn,ann@example.com,Oslo\r\n"Gone, G.",${GONE},"a\r\nb"\r\nNobody,nothing,Rome\r\n`;
