/** Bad bodies at the webhooks' doors: whatever comes in is answered as the contract says, and nothing half is recorded. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Fixture, fixturesOf } from "../providers/fixtures";
import { sendgridSender } from "../providers/sendgrid-sender";
import { setStage } from "../support/stage";
import { rowsOf } from "../support/stores";
import { call, ORIGIN, testEnv } from "../support/worker";
import { BODY_MUTATION } from "./mutate";
import { FUZZ_TIMEOUT_MS, holds } from "./runs";

setStage();

const RUNS = 60;
const SECRET = "a-secret-of-the-fuzz";
/** Those that believe whoever knows a secret. */
const BY_SECRET = [
  ...["azure", "brevo", "elasticemail", "inboxroad", "kumomta", "mailjet", "postmark", "powermta", "smtp2go"],
  ...["smtpeter", "sparkpost"],
];
const SENDGRID = await sendgridSender();
const SECRETS = Object.fromEntries(BY_SECRET.map((id) => [`WEBHOOK_${id.toUpperCase()}`, SECRET]));

interface Case {
  readonly provider: string;
  readonly fixture: Fixture;
}
const FIXTURES: Case[] = (
  await Promise.all(
    [...BY_SECRET, "sendgrid", "listmonk"].map(async (provider) =>
      (await fixturesOf(provider, "text/plain")).map((fixture) => ({ provider, fixture })),
    ),
  )
).flat();

const environment = () => testEnv({ ...SECRETS, WEBHOOK_SENDGRID: SENDGRID.credential });

async function requestOf({ provider, fixture: { contentType } }: Case, body: Uint8Array): Promise<Request> {
  const url = `${ORIGIN}/webhooks/${provider}`;
  if (provider === "sendgrid") {
    const { headers } = await SENDGRID.sign({ body, contentType }, Date.now());
    return new Request(url, { method: "POST", headers, body });
  }
  const authorization = provider === "listmonk" ? `Basic ${btoa("listmonk:listmonk-token")}` : `Bearer ${SECRET}`;
  return new Request(url, { method: "POST", headers: { "content-type": contentType, authorization }, body });
}

it(
  "answers every body, and keeps what it could not read (fuzz)",
  async () => {
    const property = fc.asyncProperty(fc.constantFrom(...FIXTURES), BODY_MUTATION, async (wanted, mutate) => {
      const body = mutate(wanted.fixture.body);
      const [first, again] = [
        await call(await requestOf(wanted, body), environment()),
        await call(await requestOf(wanted, body), environment()),
      ];
      expect([200, 400, 413]).toContain(first.status);
      expect(again.status).toBe(first.status);
      if (first.status !== 200 || wanted.provider === "listmonk") return;
      const counts = await again.json<Record<string, number>>();
      if (counts.received === undefined) return;
      // What was there already is not new.
      expect(counts).toMatchObject({ new: 0, duplicate: counts.received });
    });
    await holds(property, RUNS);
    const halves = await rowsOf(
      "SELECT seq FROM events WHERE address NOT LIKE '%_@_%' OR length(id) <> 40 OR occurred_at > received_at",
    );
    expect(halves).toEqual([]);
  },
  FUZZ_TIMEOUT_MS,
);
