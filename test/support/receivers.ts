/** Those who are told: made-up servers behind the global `fetch`, and a resolver that knows their names. */
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { Env } from "../../src/config";
import { createLogger } from "../../src/log";
import { notify } from "../../src/pipeline/notify";
import type { WebhookRequest } from "../../src/providers/adapter";
import { readStandardSecret, verifyStandard } from "../../src/providers/standard-signature";
import type { Answer, Message } from "./answer";
import { muteLog } from "./log";
import { api, freshStores, jsonOf, testEnv } from "./worker";

/** A call as a receiver sees it. */
export interface Heard {
  readonly at: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Message;
}

type Reply = (heard: Heard) => Response | Promise<Response>;

export interface Receiver {
  readonly url: string;
  readonly heard: Heard[];
  /** How it answers from now on. */
  answer: Reply;
}

const accept: Reply = () => new Response(null, { status: 204 });
/** A connection that nobody takes, until the caller gives up. */
export const silence: Reply = () => new Promise<Response>(() => {});
export const failing =
  (status: number, headers: Record<string, string> = {}): Reply =>
  () =>
    new Response(`status ${status}`, { status, headers });

const PUBLIC_ADDRESS = "93.184.215.14";

export interface World {
  /** A server of its own name, which answers 204 until told otherwise. */
  readonly receiver: (name: string, path?: string) => Receiver;
  /** What the resolver says of a name; absent: it has a public address. */
  readonly addresses: Map<string, readonly string[] | null>;
}

/** Puts made-up servers in place of the network. Undone by `vi.restoreAllMocks`. */
export function madeUpWorld(): World {
  const receivers = new Map<string, Receiver>();
  const addresses = new Map<string, readonly string[] | null>();
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, init as RequestInit);
    const url = new URL(request.url);
    if (url.pathname === "/dns-query") return resolve(url, addresses);
    const receiver = receivers.get(url.host);
    if (!receiver) throw new Error(`nobody listens at ${url.host}`);
    const text = await request.text();
    const { method, headers } = request;
    const heard = { at: Date.now(), method, url: url.href, headers, text, body: parsed(text) };
    receiver.heard.push(heard);
    return untilAborted(Promise.resolve(receiver.answer(heard)), init?.signal ?? null);
  });
  return {
    addresses,
    receiver: (name, path = "/hook") => {
      const receiver = { url: `https://${name}${path}`, heard: [], answer: accept };
      receivers.set(name, receiver);
      return receiver;
    },
  };
}

/** A made-up world of its own for each test of a file, over empty stores and without a log. */
export function setWorld(): World {
  let world: World;
  beforeEach(async () => {
    await freshStores();
    muteLog();
    world = madeUpWorld();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return {
    receiver: (name, path) => world.receiver(name, path),
    get addresses() {
      return world.addresses;
    },
  };
}

function resolve(url: URL, addresses: World["addresses"]): Response {
  const name = url.searchParams.get("name") ?? "";
  const known = addresses.has(name) ? (addresses.get(name) ?? null) : [PUBLIC_ADDRESS];
  if (known === null) return Response.json({ Status: 3 });
  const isIpv6 = url.searchParams.get("type") === "AAAA";
  const data = known.filter((address) => address.includes(":") === isIpv6);
  return Response.json({ Status: 0, Answer: data.map((d) => ({ type: isIpv6 ? 28 : 1, data: d })) });
}

/** A body; what is no JSON is an empty one. */
function parsed(text: string): Message {
  try {
    return JSON.parse(text);
  } catch {
    return {} as Message;
  }
}

function untilAborted(response: Promise<Response>, signal: AbortSignal | null): Promise<Response> {
  if (!signal) return response;
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  return Promise.race([response, aborted]);
}

export interface Subscribed {
  readonly id: string;
  readonly secret: string | null;
}

/** Has a receiver told, from now on. */
export async function subscribe(
  receiver: Receiver,
  events: readonly string[] = ["*"],
  more: Readonly<Record<string, unknown>> = {},
  env?: Env,
): Promise<Subscribed> {
  const response = await api("/v1/notifications", {
    json: { url: receiver.url, events, ...more },
    ...(env ? { env } : {}),
  });
  expect(response.status, await response.clone().text()).toBe(201);
  return jsonOf(response);
}

/** What the cron does for those who are told, and nothing else of what it does. */
export function tell(env: Env = testEnv()): Promise<void> {
  const newId = () => crypto.randomUUID();
  return notify({ db: env.DB, now: () => Date.now(), log: createLogger(), newId, allowPrivateTargets: false });
}

/** What the API says of a subscription. */
export async function notification(id: string): Promise<Answer> {
  const response = await api(`/v1/notifications/${id}`);
  expect(response.status).toBe(200);
  return jsonOf(response);
}

/** The call that was heard, which must be the only one. */
export function heardOnce({ heard }: Receiver): Heard {
  expect(heard).toHaveLength(1);
  return heard[0]!;
}

/** Types and recipients of what was heard, in the order in which it came. */
export function storyOf(receiver: Receiver): string[] {
  return receiver.heard.map(({ body }) => `${body.type} ${body.data.recipient ?? body.data.rule ?? ""}`.trim());
}

const SCHEME = { headerPrefixes: ["webhook"], version: "v1" } as const;

/** Does a call prove itself under this secret, as this project itself verifies Standard Webhooks? */
export async function isSignedWith(secret: string, heard: Heard): Promise<boolean> {
  const key = readStandardSecret(secret);
  if (!key.ok) throw new Error(key.error);
  const request: WebhookRequest = {
    method: heard.method,
    url: new URL(heard.url),
    headers: heard.headers,
    body: new TextEncoder().encode(heard.text),
  };
  const outcome = await verifyStandard(request, [key.value], heard.at, SCHEME);
  return outcome.ok;
}
