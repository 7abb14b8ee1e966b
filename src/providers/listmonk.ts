/**
 * listmonk's native bounce webhook, `POST /webhooks/bounce`: what scripts post to a listmonk server, one bounce per
 * call. They may point at this worker unchanged, so listmonk's own statuses and texts are kept word for word.
 *
 * Manual: https://listmonk.app/docs/bounces/ (read 2026-11); checks and texts as in listmonk's `cmd/bounce.go` and
 * `internal/auth/auth.go`. Unlike listmonk, a repeated call is one bounce, and an address that no list knows is kept.
 *
 * Identity: the `Idempotency-Key` header where there is one, else the content and `created_at`, else the content
 * and the UTC day of receipt. The API has neither an event id nor a time of its own.
 */
import { anySecretEqual } from "../crypto/secret-equal";
import { canonicalAddress, isUuid, uuidAddress } from "../domain/address";
import type { EventDraft } from "../domain/event";
import { fail, ok, type Result } from "../domain/result";
import {
  type Dialect,
  defineAdapter,
  type ParseOutcome,
  type RawCredential,
  type VerifyOutcome,
  type WebhookRequest,
} from "./adapter";
import { accepted, basicCredentials, unauthenticated } from "./auth";
import { isObject, type JsonObject, parseJson, parseJsonText } from "./json";
import { jsonSample, SAMPLE_RECIPIENT, sampleTime } from "./sample";
import { msOfRfc3339 } from "./time";

const IDEMPOTENCY_KEY = "idempotency-key";

/** listmonk answers a wrong token with a 403 and never asks for one. */
const DIALECT: Dialect = {
  unauthenticated: { status: 403, body: { message: "invalid API credentials" } },
  recorded: { status: 200, body: { data: true } },
  refused: (message) => ({ message }),
};

type Verdict = Pick<EventDraft, "kind" | "stated">;
/** The sender has classified it, by its own configuration: nothing to add. */
const TYPES: Readonly<Record<string, Verdict>> = {
  hard: { kind: "bounced", stated: { class: "hard", rule: "listmonk:hard", fixed: true } },
  soft: { kind: "bounced", stated: { class: "soft", rule: "listmonk:soft", fixed: true } },
  /** Missing in the manual, accepted by the code. */
  complaint: { kind: "complained" },
};

const TEXT_FIELDS = ["email", "subscriber_uuid", "campaign_uuid", "source", "type", "created_at"] as const;
type Fields = Readonly<Record<(typeof TEXT_FIELDS)[number], string>>;

export const listmonk = defineAdapter<string>({
  id: "listmonk",
  title: "listmonk",
  manual: "https://listmonk.app/docs/bounces/",
  setUp: [
    "Set user:token, those of your scripts for listmonk’s API or new ones: {secret}",
    "Point your scripts at {url} with basic auth, or with the header Authorization: token user:token.",
  ],
  verifiedBy: "user and token (basic auth, or Authorization: token user:token)",
  readCredential,
  verify: async (request, pairs) => verify(request, pairs),
  parse: (request, { receivedAt }) => parseBody(request, receivedAt),
  dialect: DIALECT,
  replayHeaders: [IDEMPOTENCY_KEY],
  sample: (at) => jsonSample({ email: SAMPLE_RECIPIENT, type: "soft", source: "test", created_at: sampleTime(at) }),
});

function readCredential(raw: RawCredential): Result<string, string> {
  return typeof raw === "string" && /^[^:]+:./.test(raw) ? ok(raw) : fail("must be user:token");
}

function verify(request: WebhookRequest, pairs: readonly string[]): VerifyOutcome {
  const basic = basicCredentials(request.headers);
  const given = basic ? `${basic.user}:${basic.password}` : tokenOf(request.headers);
  if (given === null) return unauthenticated("no API credentials");
  return anySecretEqual(given, pairs) ? accepted(request) : unauthenticated("invalid API credentials");
}

/** `Authorization: token user:token`, or `null`. */
function tokenOf(headers: Headers): string | null {
  return /^token +(\S.*)$/i.exec((headers.get("authorization") ?? "").trim())?.[1] ?? null;
}

function parseBody(request: WebhookRequest, receivedAt: number): ParseOutcome {
  const body = parseJson(request.body);
  if (!body.ok || !isObject(body.value)) return refused("Invalid data: the body is not a JSON object");
  const fields = readFields(body.value);
  if (!fields.ok) return refused(`Invalid data: ${fields.error}`);
  const subject = readSubject(fields.value);
  if (!subject.ok) return refused(subject.error);
  const { recipient, verdict } = subject.value;
  const { campaign_uuid, type, created_at } = fields.value;
  return {
    type: "items",
    items: [
      {
        type: "events",
        drafts: [
          {
            ...verdict,
            recipient,
            hint: type,
            campaign: campaign_uuid || undefined,
            occurredAt: msOfRfc3339(created_at),
            metadata: metadataOf(body.value.meta, fields.value),
            identity: identityOf(request.headers, body.value, fields.value, receivedAt),
          },
        ],
      },
    ],
  };
}

/** The texts, `""` where absent; like Go's decoder it takes `null` for absent and nothing else for a text. */
function readFields(record: JsonObject): Result<Fields, string> {
  const bad = TEXT_FIELDS.find((name) => !["string", "undefined"].includes(typeof (record[name] ?? undefined)));
  if (bad !== undefined) return fail(`${bad} is not a string`);
  const fields = Object.fromEntries(TEXT_FIELDS.map((name) => [name, record[name] ?? ""])) as Fields;
  const isTime = typeof record.created_at !== "string" || msOfRfc3339(record.created_at) !== undefined;
  return isTime ? ok(fields) : fail("created_at is not an RFC 3339 time");
}

/** Whom it is about and what happened; the checks in listmonk's order, with its texts. */
function readSubject({
  email,
  subscriber_uuid,
  type,
}: Fields): Result<{ recipient: string; verdict: Verdict }, string> {
  if (email === "" && subscriber_uuid === "") return fail("Invalid fields: email / subscriber_uuid");
  if (subscriber_uuid !== "" && !isUuid(subscriber_uuid)) return fail("Invalid fields: subscriber_uuid");
  if (email !== "" && !canonicalAddress(email).ok) return fail("Invalid email.");
  const verdict = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (!verdict) return fail("Invalid fields: type");
  return ok({ recipient: subscriber_uuid === "" ? email : uuidAddress(subscriber_uuid), verdict });
}

/** What was sent along, as an object or as the JSON text of one, and what no other field holds. */
function metadataOf(meta: unknown, { email, subscriber_uuid, source }: Fields): EventDraft["metadata"] {
  const written = typeof meta === "string" ? parseJsonText(meta) : ok(meta);
  const own = written.ok && isObject(written.value) ? written.value : (meta ?? "") === "" ? {} : { meta };
  const named = Object.entries({ source, subscriber_uuid, email: subscriber_uuid && email }).filter(
    ([, text]) => text !== "",
  );
  const metadata = { ...own, ...Object.fromEntries(named) };
  return Object.keys(metadata).length ? metadata : undefined;
}

function identityOf(headers: Headers, record: JsonObject, fields: Fields, receivedAt: number): EventDraft["identity"] {
  const key = headers.get(IDEMPOTENCY_KEY)?.trim();
  if (key) return ["key", key];
  const { type, campaign_uuid, source, created_at } = fields;
  const when = created_at || new Date(receivedAt).toISOString().slice(0, "YYYY-MM-DD".length);
  return ["content", type, campaign_uuid, source, JSON.stringify(record.meta), when];
}

function refused(message: string): ParseOutcome {
  return { type: "refused", message };
}
