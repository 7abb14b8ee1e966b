import { describe, expect, it } from "vitest";
import type { PushCall, Standing, SyncAdapter, SyncApi } from "../../src/sync/adapter";
import { mailgunSync } from "../../src/sync/mailgun";
import { postmarkSync } from "../../src/sync/postmark";
import { SYNC_ADAPTERS } from "../../src/sync/registry";
import { sendgridSync } from "../../src/sync/sendgrid";
import { sesSync } from "../../src/sync/ses";
import {
  MAILGUN_BOUNCES,
  POSTMARK_DELETED,
  POSTMARK_DUMP,
  SENDGRID_BOUNCES,
  SENDGRID_UNSUBSCRIBES,
  SES_SUMMARIES,
} from "./samples";

const AT = Date.UTC(2030, 0, 15, 12);
const SPAN = { since: null, until: AT };

function apiOf(adapter: SyncAdapter, more: Readonly<Record<string, unknown>> = {}): SyncApi {
  const keys =
    adapter.id === "ses" ? { accessKeyId: "AKID", secretAccessKey: "s", region: "eu-west-1" } : { apiKey: "a-key" };
  const settings = adapter.read({ ...keys, pull: true, push: ["hard"], ...more }, false);
  if (!settings.ok) throw new Error(settings.error);
  return settings.value.api;
}

const sendgrid = apiOf(sendgridSync);
const mailgun = apiOf(mailgunSync, { domain: "mg.example.com" });
const postmark = apiOf(postmarkSync);
const ses = apiOf(sesSync);

const listed = (address: string, ...reasons: Standing["reasons"]): Standing => ({ address, reasons, since: AT });
const released = (address: string): Standing => ({ address, reasons: [], since: 0 });
const shown = (calls: readonly PushCall[]) => calls.map(({ request }) => `${request.method} ${request.path}`);
const requestTo = async (api: SyncApi) => api.authorize({ method: "GET", path: "/" }, AT);

/** Reads lists to their end, each page answered by a function of its path. */
function readAll(api: SyncApi, answer: (path: string) => unknown): string[] {
  const paths: string[] = [];
  for (let cursor: string | null = api.firstPage(SPAN); cursor !== null && paths.length < 20; ) {
    const { path } = api.pageRequest(cursor);
    paths.push(path);
    const page = api.readPage(cursor, answer(path));
    if (!page.ok) throw new Error(page.error);
    cursor = page.value.next;
  }
  return paths;
}

describe("a secret", () => {
  it.each(SYNC_ADAPTERS.map((adapter) => [adapter.id, adapter] as const))(
    "of %s names each bad value, and none of the values",
    (_id, adapter) => {
      const bad = { apiKey: "a key with blanks", pull: "sometimes", push: ["everything"], regoin: "eu" };
      const settings = adapter.read(bad, false);
      expect(settings.ok).toBe(false);
      const text = JSON.stringify(settings);
      const key = adapter.id === "ses" ? "accessKeyId" : "apiKey";
      for (const name of [key, "pull", "push", "regoin"]) expect(text).toContain(name);
      expect(text).not.toMatch(/with blanks|sometimes/);
    },
  );

  it("has to ask for something", () => {
    expect(sendgridSync.read({ apiKey: "k" }, false)).toMatchObject({ ok: false });
    expect(sendgridSync.read({ apiKey: "k", pull: true }, false)).toMatchObject({ ok: true, value: { pull: "asked" } });
    const pushing = sendgridSync.read({ apiKey: "k", push: ["manual", "hard"] }, false);
    expect(pushing).toMatchObject({ ok: true, value: { pull: "off", push: ["hard", "manual"] } });
  });

  it("names another host only where private targets are allowed", () => {
    const raw = { apiKey: "k", pull: true, baseUrl: "http://localhost:9999/x" };
    expect(sendgridSync.read(raw, false)).toEqual({ ok: false, error: "baseUrl: needs ALLOW_PRIVATE_TARGETS" });
    expect(sendgridSync.read(raw, true)).toMatchObject({
      ok: true,
      value: { api: { origin: "http://localhost:9999" } },
    });
  });

  it("chooses the host by region", () => {
    expect(sendgrid.origin).toBe("https://api.sendgrid.com");
    expect(apiOf(sendgridSync, { region: "eu" }).origin).toBe("https://api.eu.sendgrid.com");
    expect(mailgun.origin).toBe("https://api.mailgun.net");
    expect(apiOf(mailgunSync, { region: "eu", domain: "a.example" }).origin).toBe("https://api.eu.mailgun.net");
    expect(mailgunSync.read({ apiKey: "k", pull: true, domain: "a.example/../x" }, false).ok).toBe(false);
    expect(postmarkSync.read({ apiKey: "k", pull: true, stream: "../x" }, false).ok).toBe(false);
  });

  it("proves who asks, in each provider's way", async () => {
    expect(await requestTo(sendgrid)).toEqual({ authorization: "Bearer a-key" });
    expect(await requestTo(mailgun)).toEqual({ authorization: `Basic ${btoa("api:a-key")}` });
    expect(await requestTo(postmark)).toEqual({ "x-postmark-server-token": "a-key" });
  });
});

describe("SendGrid", () => {
  it("is read list by list, within one span of time", () => {
    const paths = readAll(sendgrid, () => []);
    expect(paths).toEqual(
      ["bounces", "spam_reports", "invalid_emails", "unsubscribes"].map(
        (list) => `/v3/suppression/${list}?limit=500&offset=0&end_time=${AT / 1000}`,
      ),
    );
    const { path } = sendgrid.pageRequest(sendgrid.firstPage({ since: AT - 1_500, until: AT }));
    expect(path).toContain(`start_time=${AT / 1000 - 2}`);
  });

  it("is read in pages that overlap, so that what is removed in between hides nothing", () => {
    const full = Array.from({ length: 500 }, (_, i) => ({ email: `r${i}@example.com`, created: i }));
    const paths = readAll(sendgrid, (path) => (path.includes("bounces?") && !path.includes("offset=900") ? full : []));
    expect(paths.slice(0, 3).map((path) => /offset=(\d+)/.exec(path)?.[1])).toEqual(["0", "450", "900"]);
  });

  it("may show what we sent only among the global unsubscribes", () => {
    const cursor = sendgrid.firstPage(SPAN);
    const bounces = sendgrid.readPage(cursor, SENDGRID_BOUNCES);
    expect(bounces).toMatchObject({
      ok: true,
      value: { entries: [{ format: "sendgrid-bounces", ownReasons: [] }, {}] },
    });
    const last = sendgrid.readPage(
      JSON.stringify({ list: 3, offset: 0, since: null, until: 1 }),
      SENDGRID_UNSUBSCRIBES,
    );
    expect(last).toMatchObject({ ok: true, value: { next: null, entries: [{ format: "sendgrid-unsubscribes" }] } });
    expect(last.ok && last.value.entries[0]?.ownReasons).toContain("hard");
  });

  it("takes every reason as a global unsubscribe, and is released from all four lists", () => {
    const calls = sendgrid.callsFor([
      listed("a@example.com", "hard"),
      listed("b@example.com", "manual"),
      released("c+d@example.com"),
    ]);
    expect(shown(calls)).toEqual([
      "POST /v3/asm/suppressions/global",
      "DELETE /v3/suppression/bounces",
      "DELETE /v3/suppression/spam_reports",
      "DELETE /v3/suppression/invalid_emails",
      "DELETE /v3/asm/suppressions/global/c%2Bd%40example.com",
    ]);
    expect(calls[0]?.request.body).toEqual({ recipient_emails: ["a@example.com", "b@example.com"] });
    expect(calls[1]?.request.body).toEqual({ emails: ["c+d@example.com"] });
  });

  it("says whom it left out", () => {
    const [call] = sendgrid.callsFor([listed("a@example.com", "hard"), listed("b@example.com", "hard")]) as [PushCall];
    expect(sendgrid.resultsOf(call, { status: 201, body: { recipient_emails: ["A@example.com"] } })).toMatchObject([
      { address: "a@example.com", outcome: "done" },
      { address: "b@example.com", outcome: "refused" },
    ]);
    expect(sendgrid.resultsOf(call, { status: 400, body: {} })).toBeNull();
  });
});

describe("Mailgun", () => {
  it("is read along its own links, which have to stay on its host and list", () => {
    const cursor = mailgun.firstPage(SPAN);
    const page = mailgun.readPage(cursor, MAILGUN_BOUNCES);
    expect(page.ok && page.value.entries.map(({ ownReasons }) => ownReasons)).toEqual([[], ["hard", "soft"]]);
    const next = (page.ok && page.value.next) || "";
    expect(mailgun.pageRequest(next).path).toBe(
      "/v3/mg.example.com/bounces?page=next&address=ours%40example.com&limit=1000",
    );
    for (const url of [
      "https://evil.example/v3/mg.example.com/bounces?page=next",
      "http://api.mailgun.net/v3/mg.example.com/bounces?page=next",
      "https://api.mailgun.net/v3/other.example.com/bounces?page=next",
      "https://api.mailgun.net/v3/mg.example.com/complaints?page=next",
      "https://api.mailgun.net.evil.example/v3/mg.example.com/bounces?page=next",
      "https://api.mailgun.net@evil.example/v3/mg.example.com/bounces?page=next",
      "//evil.example/",
    ]) {
      const paging = { ...MAILGUN_BOUNCES.paging, next: url };
      expect(mailgun.readPage(cursor, { ...MAILGUN_BOUNCES, paging }), url).toMatchObject({ ok: false });
    }
    const { path } = mailgun.pageRequest(cursor);
    const same = { ...MAILGUN_BOUNCES, paging: { next: `https://api.mailgun.net${path}` } };
    expect(mailgun.readPage(cursor, same)).toMatchObject({ ok: false });
  });

  it("ends a list with an empty page", () => {
    const paths = readAll(mailgun, (path) =>
      path === "/v3/mg.example.com/bounces?limit=1000"
        ? MAILGUN_BOUNCES
        : { items: [], paging: MAILGUN_BOUNCES.paging },
    );
    expect(paths.map((path) => path.replace(/\?.*/, ""))).toEqual(
      ["bounces", "bounces", "complaints", "unsubscribes"].map((list) => `/v3/mg.example.com/${list}`),
    );
  });

  it("takes each reason on the list that is made for it", () => {
    const calls = mailgun.callsFor([
      listed("a@example.com", "hard", "complaint"),
      listed("b@example.com", "unsubscribe"),
      listed("c@example.com", "manual"),
    ]);
    const created_at = "Tue, 15 Jan 2030 12:00:00 UTC";
    expect(calls.map(({ request }) => [request.path, request.body])).toEqual([
      [
        "/v3/mg.example.com/bounces",
        [{ address: "a@example.com", code: "550", error: "Suppressed by Bouncekeeper", created_at }],
      ],
      ["/v3/mg.example.com/complaints", [{ address: "a@example.com", created_at }]],
      [
        "/v3/mg.example.com/unsubscribes",
        [
          { address: "b@example.com", tags: ["*"], created_at },
          { address: "c@example.com", tags: ["*"], created_at },
        ],
      ],
    ]);
  });

  it("takes the absence of an address for a release, and not that of the domain", () => {
    const calls = mailgun.callsFor([released("a@example.com")]);
    expect(shown(calls)).toEqual(
      ["bounces", "complaints", "unsubscribes"].map((list) => `DELETE /v3/mg.example.com/${list}/a%40example.com`),
    );
    const [call] = calls as [PushCall];
    const resultsOf = (message: string) => mailgun.resultsOf(call, { status: 404, body: { message } });
    expect(resultsOf("Address not found in bounces table")).toMatchObject([{ outcome: "done" }]);
    expect(resultsOf("Domain not found: mg.example.com")).toBeNull();
  });
});

describe("Postmark", () => {
  it("is asked by reason, and from a day on where only what is new is wanted", () => {
    expect(readAll(postmark, () => POSTMARK_DUMP)).toEqual(
      ["HardBounce", "SpamComplaint", "ManualSuppression"].map(
        (reason) => `/message-streams/outbound/suppressions/dump?SuppressionReason=${reason}`,
      ),
    );
    const { path } = postmark.pageRequest(postmark.firstPage({ since: AT, until: AT }));
    expect(path).toContain("fromdate=2030-01-14");
  });

  it("may show what we sent among what customers added", () => {
    const page = postmark.readPage(postmark.firstPage(SPAN), POSTMARK_DUMP);
    expect(page.ok && page.value.entries.map(({ ownReasons }) => ownReasons.length > 0)).toEqual([false, true]);
  });

  it("answers for each address, and keeps those who complained", () => {
    const calls = postmark.callsFor([released("gone@example.com"), released("angry@example.com")]);
    expect(shown(calls)).toEqual(["POST /message-streams/outbound/suppressions/delete"]);
    const [call] = calls as [PushCall];
    expect(postmark.resultsOf(call, { status: 200, body: POSTMARK_DELETED })).toEqual([
      { address: "gone@example.com", outcome: "done", detail: null },
      { address: "angry@example.com", outcome: "kept", detail: expect.stringContaining("authority") },
    ]);
  });
});

describe("Amazon SES", () => {
  it("is read token by token, and signed for", async () => {
    const page = (NextToken?: string) => ({
      SuppressedDestinationSummaries: SES_SUMMARIES,
      ...(NextToken ? { NextToken } : {}),
    });
    const paths = readAll(ses, (path) => page(path.includes("NextToken") ? undefined : "a+b="));
    expect(paths).toEqual([
      "/v2/email/suppression/addresses?PageSize=100",
      "/v2/email/suppression/addresses?PageSize=100&NextToken=a%2Bb%3D",
    ]);
    expect((await requestTo(ses)).authorization).toContain("Credential=AKID/20300115/eu-west-1/ses/aws4_request");
    const { path } = ses.pageRequest(ses.firstPage({ since: AT, until: AT }));
    expect(path).toContain("StartDate=2030-01-15T12%3A00%3A00.000Z");
    expect(
      sesSync.read({ accessKeyId: "k", secretAccessKey: "s", pull: true, region: "evil.example/" }, false).ok,
    ).toBe(false);
  });

  it("takes one recipient a call, and a complaint before anything else", () => {
    const calls = ses.callsFor([
      listed("a@example.com", "hard", "complaint"),
      listed("b@example.com", "manual"),
      released("c@example.com"),
    ]);
    expect(calls.map(({ request }) => [request.method, request.body ?? request.path])).toEqual([
      ["PUT", { EmailAddress: "a@example.com", Reason: "COMPLAINT" }],
      ["PUT", { EmailAddress: "b@example.com", Reason: "BOUNCE" }],
      ["DELETE", "/v2/email/suppression/addresses/c%40example.com"],
    ]);
    expect(ses.resultsOf(calls[2] as PushCall, { status: 404, body: null })).toMatchObject([{ outcome: "done" }]);
    expect(ses.resultsOf(calls[0] as PushCall, { status: 404, body: null })).toBeNull();
  });
});

it.each(
  SYNC_ADAPTERS.map(
    (adapter) => [adapter.id, apiOf(adapter, adapter.id === "mailgun" ? { domain: "a.example" } : {})] as const,
  ),
)("an answer of %s that is no page is said to be none", (_id, api) => {
  for (const body of [null, "text", 7, [1], { items: "x" }, { Suppressions: [null] }]) {
    expect(api.readPage(api.firstPage(SPAN), body), JSON.stringify(body)).toMatchObject({ ok: false });
  }
});
