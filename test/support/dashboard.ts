/** The dashboard as a browser uses it: with a cookie, and with the token of the form that it was given. */
import { expect } from "vitest";
import type { Env } from "../../src/config";
import { call, ORIGIN, testEnv } from "./worker";

const FORM_TOKEN = /name="form-token" value="([0-9a-f]+)"/;
/** What a browser says of a request from one of our own pages. */
const FROM_HERE = { origin: ORIGIN, "sec-fetch-site": "same-origin" };

export type FormFields = Readonly<Record<string, string | readonly string[] | File>>;

export class Visitor {
  cookie: string | null = null;
  readonly #env: Env;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(env: Env = testEnv(), headers: Readonly<Record<string, string>> = {}) {
    this.#env = env;
    this.#headers = headers;
  }

  /** Redirects are not followed. */
  async get(path: string): Promise<Response> {
    return this.#keepCookie(await call(new Request(ORIGIN + path, { headers: this.#sent({}) }), this.#env));
  }

  async html(path: string): Promise<string> {
    const response = await this.get(path);
    expect(response.status, path).toBe(200);
    return response.text();
  }

  /** Posts a form of the page `from`, with its token unless the fields name another. */
  async post(path: string, fields: FormFields = {}, from = "/dashboard/try"): Promise<Response> {
    const token = this.cookie === null ? "" : (FORM_TOKEN.exec(await this.html(from))?.[1] ?? "");
    return this.postRaw(path, { "form-token": token, ...fields });
  }

  async postRaw(path: string, fields: FormFields, headers: Readonly<Record<string, string>> = FROM_HERE) {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) {
      for (const one of [value].flat()) body.append(name, one as string);
    }
    const request = new Request(ORIGIN + path, { method: "POST", headers: this.#sent(headers), body });
    return this.#keepCookie(await call(request, this.#env));
  }

  async signIn(token = "admin-token", to?: string): Promise<Response> {
    return this.postRaw("/dashboard/sign-in", { token, ...(to === undefined ? {} : { to }) });
  }

  #sent(headers: Readonly<Record<string, string>>): Record<string, string> {
    return { ...this.#headers, ...headers, ...(this.cookie === null ? {} : { cookie: this.cookie }) };
  }

  #keepCookie(response: Response): Response {
    const set = response.headers.get("set-cookie");
    const pair = set === null ? null : (/^[^;]+/.exec(set)?.[0] ?? null);
    if (pair !== null) this.cookie = pair.endsWith("=") ? null : pair;
    return response;
  }
}

/** Somebody who is signed in. */
export async function visitor(env: Env = testEnv()): Promise<Visitor> {
  const one = new Visitor(env);
  const response = await one.signIn();
  expect(response.status).toBe(303);
  return one;
}

/** The word in the URL that says what was done. */
export function doneOf(response: Response): string | null {
  expect(response.status).toBe(303);
  return new URL(response.headers.get("location") ?? "", ORIGIN).searchParams.get("done");
}
