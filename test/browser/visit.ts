/** A browser at the dashboard: signed in, and listened to for everything that it complains about. */

import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { inject } from "vitest";

export const WIDE = { width: 1440, height: 900 };
export const PHONE = { width: 380, height: 800 };
/** Not UTC, and not whole hours from it. */
export const ZONE = "Asia/Kolkata";

export class Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser complained about: errors of scripts, refused styles and scripts, requests that failed. */
  readonly complaints: string[] = [];
  /** Requests to other hosts. */
  readonly strangers: string[] = [];

  private constructor(context: BrowserContext, page: Page, origin: string) {
    this.context = context;
    this.page = page;
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("requestfailed", (request) => {
      // A page that is left ends what it had asked for.
      const why = request.failure()?.errorText ?? "";
      if (why !== "net::ERR_ABORTED") this.complaints.push(`${request.url()} ${why}`);
    });
    page.on("dialog", async (dialog) => {
      this.complaints.push(`dialog: ${dialog.message()}`);
      await dialog.dismiss();
    });
    page.on("request", (request) => {
      const { origin: asked, protocol } = new URL(request.url());
      if (asked !== origin && protocol !== "data:") this.strangers.push(request.url());
    });
  }

  static async begin(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
    const { url, token } = dashboard();
    const context = await browser.newContext({ baseURL: url, viewport: WIDE, timezoneId: ZONE, ...options });
    const visit = new Visit(context, await context.newPage(), url);
    await visit.page.goto("/dashboard/sign-in");
    await visit.page.fill("input[name=token]", token);
    await visit.page.keyboard.press("Enter");
    await visit.page.waitForURL("/dashboard");
    return visit;
  }

  async go(path: string): Promise<void> {
    const response = await this.page.goto(path);
    if (response?.status() !== 200) throw new Error(`${path} answered ${response?.status()}`);
  }

  async end(): Promise<void> {
    await this.context.close();
  }
}

export function dashboard(): { readonly url: string; readonly token: string } {
  const provided = inject("dashboard");
  if (!provided) throw new Error("there is no dashboard to visit");
  return provided;
}

/** As an operator's script. */
export async function api(path: string, init: RequestInit = {}): Promise<Response> {
  const { url, token } = dashboard();
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return fetch(url + path, { ...init, headers });
}

/** Every page, as a person would come to it. */
export async function everyPage(): Promise<ReadonlyMap<string, string>> {
  const first = async (path: string) => ((await (await api(path)).json()) as { items: { id: string }[] }).items[0]?.id;
  const [item, batch] = [await first("/v1/quarantine"), await first("/v1/batches")];
  return new Map([
    ["overview of a day", "/dashboard?days=1"],
    ["overview", "/dashboard?days=7"],
    ["overview of 90 days", "/dashboard?days=90"],
    ["suppressions", "/dashboard/suppressions"],
    ["allow-list", "/dashboard/allow-list"],
    ["search", "/dashboard/recipients?q=example"],
    ["recipient", "/dashboard/recipients/here.and.there%40example.org"],
    ["complainer", "/dashboard/recipients/had.enough%40example.com"],
    ["domain", "/dashboard/recipients/%40blocked.example.net"],
    ["hostile recipient", "/dashboard/recipients/read.me%40example.com"],
    ["erasure", "/dashboard/recipients/read.me%40example.com/erase"],
    ["events", "/dashboard/events"],
    ["hostile events", "/dashboard/events?recipient=read.me%40example.com"],
    ["receipt", "/dashboard/receipts/1"],
    ["quarantine", "/dashboard/quarantine"],
    ["item of quarantine", `/dashboard/quarantine/${item}`],
    ["connections", "/dashboard/connections"],
    ["connection", "/dashboard/connections/sendgrid/default"],
    ["connection to be set up", "/dashboard/connections/ses/default"],
    ["sync", "/dashboard/sync"],
    ["notifications", "/dashboard/notifications"],
    ["alerts", "/dashboard/alerts"],
    ["incidents", "/dashboard/incidents"],
    ["import", "/dashboard/import"],
    ["batches", "/dashboard/batches"],
    ["batch", `/dashboard/batches/${batch}`],
    ["policy", "/dashboard/policy"],
    ["trial", "/dashboard/try"],
    ["audit", "/dashboard/audit"],
  ]);
}
