/** The samples that the dashboard sends through: every adapter understands its own. */
import { describe, expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { classifyDraft } from "../../src/pipeline/normalize";
import { type Adapter, markVerified } from "../../src/providers/adapter";
import { ownFormat } from "../../src/providers/own-format";
import { ADAPTERS } from "../../src/providers/registry";
import { draftsOf } from "./fixtures";

const AT = Date.UTC(2026, 10, 21, 10, 0, 5, 125);
/** These tell of bounces only. */
const MILDEST: Readonly<Record<string, string>> = { forwardemail: "block", listmonk: "soft" };

function readSample(adapter: Adapter, at: number) {
  const { body, contentType } = adapter.sample(at);
  const request = markVerified({
    method: "POST",
    url: new URL("https://test.invalid/"),
    headers: new Headers({ "content-type": contentType }),
    body: utf8Bytes(body),
  });
  return draftsOf(adapter.parse(request, { receivedAt: at }));
}

describe.each([...ADAPTERS, ownFormat].map((adapter) => [adapter.id, adapter] as const))(
  "the sample of %s",
  (id, adapter) => {
    it("is one mild event of now about test@example.com", () => {
      const drafts = readSample(adapter, AT);
      expect(drafts).toMatchObject([{ recipient: "test@example.com" }]);
      const [draft] = drafts;
      if (!draft) throw new Error("nothing was read");
      const what = draft.kind === "bounced" ? classifyDraft(draft)?.class : draft.kind;
      expect(what).toBe(MILDEST[id] ?? "delivered");
      // Some providers tell the time to the second.
      expect(draft.occurredAt).toBeLessThanOrEqual(AT);
      expect(draft.occurredAt).toBeGreaterThan(AT - 1_000);
    });

    it("is another event a millisecond later", () => {
      const [now, later] = [AT, AT + 1].map((at) => readSample(adapter, at).map(({ identity }) => identity));
      expect(later).not.toEqual(now);
      expect(readSample(adapter, AT).map(({ identity }) => identity)).toEqual(now);
    });
  },
);
