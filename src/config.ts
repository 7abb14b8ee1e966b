/**
 * From the worker's environment to a configuration. Only this file and `index.ts` see `Env`.
 *
 * What is unusable stays in the configuration as an error, so that it can be answered with a 503 and listed: a bad
 * secret disables its connection loudly, never silently.
 */
import { type AccessSettings, parseAccess } from "./domain/access";
import { type AlertLimits, defaultAlertLimits, parseAlertLimits } from "./domain/alert-limits";
import { policyText } from "./domain/effective-policy";
import { type Policy, parsePolicy } from "./domain/policy";
import { fail, ok, type Result } from "./domain/result";
import { MIN_KEY_LENGTH } from "./mail/verp";
import { type Mailbox, parseMailboxes } from "./mailbox/settings";
import type { Retention } from "./pipeline/deps";
import { KEEP_EVERYTHING, parseRetention } from "./pipeline/retention-settings";
import type { Adapter, RawCredential } from "./providers/adapter";
import { ADAPTERS } from "./providers/registry";
import { readSyncs, type Sync } from "./sync/settings";

export interface Env {
  readonly DB: D1Database;
  readonly SUPPRESSIONS: KVNamespace;
  readonly RECIPIENT: DurableObjectNamespace;
  readonly ADMIN_TOKENS?: string;
  readonly CHECK_TOKENS?: string;
  readonly POLICY?: unknown;
  readonly FILTER_MINUTES?: unknown;
  readonly RETENTION?: unknown;
  readonly ACCESS?: unknown;
  readonly VERP_KEYS?: unknown;
  readonly MAILBOXES?: unknown;
  readonly ALERTS?: unknown;
  readonly ALLOW_PRIVATE_TARGETS?: unknown;
  /** `WEBHOOK_<PROVIDER>` and `SYNC_<PROVIDER>`, both also with `__<CONNECTION>`, and bindings of tests. */
  readonly [name: string]: unknown;
}

/** One configured account of a provider. */
export interface Connection {
  readonly adapter: Adapter;
  /** Lower case; `default` where the secret's name has no connection part. */
  readonly name: string;
  /** The credentials, all of them accepted; or what is wrong with them, without their value. */
  readonly credentials: Result<readonly unknown[], string>;
}

export interface Config {
  readonly adminTokens: readonly string[];
  readonly checkTokens: readonly string[];
  readonly policy: Result<Policy, string>;
  readonly policyText: string;
  /** Cloudflare Access in front of the dashboard; `null`: it is not. */
  readonly access: Result<AccessSettings | null, string>;
  readonly retention: Retention;
  /** The downloadable filter is built at most this often; 0: not at all. */
  readonly filterEveryMs: number;
  /** From which figures on an alert is opened. */
  readonly alertLimits: AlertLimits;
  /** For local development: notifications may go to any host, also by http. */
  readonly allowPrivateTargets: boolean;
  /** None: no return path proves anything. Or what is wrong with them, without their value. */
  readonly returnPathKeys: Result<readonly string[], string>;
  /** By `provider/connection`. */
  readonly connections: ReadonlyMap<string, Connection>;
  /** POP3 mailboxes to scan, in the order of the secret. */
  readonly mailboxes: readonly Mailbox[];
  /** Providers' own suppression lists that are kept in step with ours. */
  readonly syncs: readonly Sync[];
  /** Everything that is wrong, for the log. */
  readonly problems: readonly string[];
}

/** The connection of a URL, or of a secret, that names none. */
export const DEFAULT_CONNECTION = "default";
const SECRET_PREFIX = "WEBHOOK_";
const CONNECTION_SEPARATOR = "__";
const MINUTE_MS = 60_000;
const DEFAULT_FILTER_MINUTES = 15;
const memo = new WeakMap<object, Config>();

/** The configuration of an environment, built once for each. */
export function configOf(env: Env): Config {
  let config = memo.get(env);
  if (!config) {
    config = buildConfig(env);
    memo.set(env, config);
  }
  return config;
}

function buildConfig(env: Env): Config {
  const adminTokens = tokenList(env.ADMIN_TOKENS);
  const policy = parsePolicy(env.POLICY);
  const retention = parseRetention(env.RETENTION);
  const filterMinutes = parseFilterMinutes(env.FILTER_MINUTES);
  const returnPathKeys = readReturnPathKeys(env.VERP_KEYS);
  const access = parseAccess(env.ACCESS);
  const alertLimits = parseAlertLimits(env.ALERTS);
  const allowPrivateTargets = parseSwitch("ALLOW_PRIVATE_TARGETS", env.ALLOW_PRIVATE_TARGETS);
  const secrets = connectionSecrets(env);
  const connections = readConnections(secrets);
  const mailboxes = parseMailboxes(env.MAILBOXES);
  const { syncs, strays } = readSyncs(env, allowPrivateTargets.ok && allowPrivateTargets.value);
  const problems = [
    ...(adminTokens.length ? [] : ["ADMIN_TOKENS is not set: nobody can sign in"]),
    ...(policy.ok ? [] : [policy.error]),
    ...(retention.ok ? [] : [retention.error]),
    ...(filterMinutes.ok ? [] : [filterMinutes.error]),
    ...(returnPathKeys.ok ? [] : [returnPathKeys.error]),
    ...(access.ok ? [] : [access.error]),
    ...(alertLimits.ok ? [] : [alertLimits.error]),
    ...(allowPrivateTargets.ok ? [] : [allowPrivateTargets.error]),
    ...strayNames(secrets),
    ...[...connections].flatMap(([id, c]) => (c.credentials.ok ? [] : [`${id}: ${c.credentials.error}`])),
    ...(mailboxes.ok ? mailboxes.value.flatMap(mailboxProblem) : [mailboxes.error]),
    ...syncs.flatMap(({ id, settings }) => (settings.ok ? [] : [`sync ${id}: ${settings.error}`])),
    ...strays,
  ];
  return {
    adminTokens,
    checkTokens: tokenList(env.CHECK_TOKENS),
    policy,
    policyText: policyText(env.POLICY),
    access,
    retention: retention.ok ? retention.value : KEEP_EVERYTHING,
    filterEveryMs: (filterMinutes.ok ? filterMinutes.value : DEFAULT_FILTER_MINUTES) * MINUTE_MS,
    alertLimits: alertLimits.ok ? alertLimits.value : defaultAlertLimits(),
    allowPrivateTargets: allowPrivateTargets.ok && allowPrivateTargets.value,
    returnPathKeys,
    connections,
    mailboxes: mailboxes.ok ? mailboxes.value : [],
    syncs,
    problems,
  };
}

function mailboxProblem({ name, settings }: Mailbox): string[] {
  return settings.ok ? [] : [`mailbox ${name}: ${settings.error}`];
}

function tokenList(value: unknown): string[] {
  if (typeof value !== "string") return [];
  return value
    .split(",")
    .map((token) => token.trim())
    .filter((token) => token !== "");
}

/** `FILTER_MINUTES`: a number of minutes, 0 or more; as text too, which is what `[vars]` and secrets may hold. */
function parseFilterMinutes(raw: unknown): Result<number, string> {
  const minutes = typeof raw === "string" && raw.trim() !== "" ? Number(raw) : (raw ?? DEFAULT_FILTER_MINUTES);
  const isUsable = typeof minutes === "number" && Number.isFinite(minutes) && minutes >= 0;
  return isUsable ? ok(minutes) : fail("FILTER_MINUTES must be a number of minutes, 0 or more");
}

/** On or off, as text too, which is what `[vars]` and secrets may hold. Absent: off. */
function parseSwitch(name: string, raw: unknown): Result<boolean, string> {
  const text = String(raw ?? false).trim();
  return text === "true" || text === "false" || text === ""
    ? ok(text === "true")
    : fail(`${name} must be true or false`);
}

/** `VERP_KEYS`: one key, several with commas between them, or a JSON array. */
function readReturnPathKeys(value: unknown): Result<readonly string[], string> {
  if (value === undefined) return ok([]);
  const members = memberList(value);
  if (!members.ok) return fail(`VERP_KEYS: ${members.error}`);
  const keys = members.value.filter((member) => typeof member === "string");
  const areUsable = keys.length > 0 && keys.length === members.value.length && keys.every(isLongEnough);
  return areUsable ? ok(keys) : fail(`VERP_KEYS: each key must be text of at least ${MIN_KEY_LENGTH} characters`);
}

function isLongEnough(key: string): boolean {
  return key.length >= MIN_KEY_LENGTH;
}

/** A secret that by its name belongs to a connection. */
interface ConnectionSecret {
  readonly name: string;
  readonly value: unknown;
  /** Absent: there is no such provider. */
  readonly adapter: Adapter | undefined;
  /** Lower case; empty: the name ends before it. */
  readonly connection: string;
}

function connectionSecrets(env: Env): ConnectionSecret[] {
  const bySecretName = new Map(ADAPTERS.map((adapter) => [secretNameOf(adapter.id), adapter]));
  return Object.entries(env).flatMap(([name, value]) => {
    if (!name.startsWith(SECRET_PREFIX) || value === undefined) return [];
    const [provider, connection = DEFAULT_CONNECTION] = splitOnce(
      name.slice(SECRET_PREFIX.length),
      CONNECTION_SEPARATOR,
    );
    return [{ name, value, adapter: bySecretName.get(provider), connection: connection.toLowerCase() }];
  });
}

function readConnections(secrets: readonly ConnectionSecret[]): Map<string, Connection> {
  const connections = new Map<string, Connection>();
  for (const { adapter, connection, value } of secrets) {
    if (!adapter || connection === "") continue;
    const id = `${adapter.id}/${connection}`;
    const credentials = readCredentials(adapter, value);
    // WEBHOOK_X and WEBHOOK_X__DEFAULT are one connection: either's credentials are good.
    const known = connections.get(id)?.credentials;
    connections.set(id, { adapter, name: connection, credentials: known ? both(known, credentials) : credentials });
  }
  return connections;
}

type Credentials = Connection["credentials"];

function both(a: Credentials, b: Credentials): Credentials {
  return a.ok && b.ok ? ok([...a.value, ...b.value]) : a.ok ? b : a;
}

/** Secrets that look like a connection's and are none: a provider that is misspelt, a connection without a name. */
function strayNames(secrets: readonly ConnectionSecret[]): string[] {
  return secrets.flatMap(({ name, adapter, connection }) => {
    if (!adapter) return [`${name}: there is no such provider`];
    return connection === "" ? [`${name}: the connection has no name`] : [];
  });
}

/** `standard-webhooks` → `STANDARD_WEBHOOKS`: how a provider's id stands in a secret's name. */
export function secretNameOf(id: string): string {
  return id.replaceAll("-", "_").toUpperCase();
}

/** How a connection's name in a URL stands in the configuration. */
export function connectionNameOf(urlPart: string | undefined): string {
  return urlPart === undefined ? DEFAULT_CONNECTION : urlPart.replaceAll("-", "_").toLowerCase();
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** A plain string (comma-separated: a list), or JSON: an object, or an array of strings and objects. */
function readCredentials(adapter: Adapter, value: unknown): Result<readonly unknown[], string> {
  const members = memberList(value);
  if (!members.ok) return members;
  if (!members.value.length) return fail("no credentials");
  const credentials: unknown[] = [];
  for (const member of members.value) {
    const credential = adapter.readCredential(member);
    if (!credential.ok) return credential;
    credentials.push(credential.value);
  }
  return ok(credentials);
}

function memberList(value: unknown): Result<readonly RawCredential[], string> {
  if (typeof value === "object" && value !== null) return membersOf(value);
  if (typeof value !== "string") return fail("must be text");
  const text = value.trim();
  if (!/^[[{]/.test(text)) return ok(tokenList(text));
  try {
    return membersOf(JSON.parse(text));
  } catch {
    return fail("looks like JSON and is not");
  }
}

function membersOf(value: unknown): Result<readonly RawCredential[], string> {
  const members: unknown[] = Array.isArray(value) ? value : [value];
  return members.every(isRawCredential) ? ok(members) : fail("each member must be text or an object");
}

function isRawCredential(member: unknown): member is RawCredential {
  return typeof member === "string" || (typeof member === "object" && member !== null && !Array.isArray(member));
}
