/** Once for all tests in the browser: the service as its users run it, with an hour and some days of mail, and worse. */
import type { TestProject } from "vitest/node";
import { freePort, LocalService, runScript } from "../e2e/local-service.ts";
import { HOSTILE, hostileEvents } from "../support/hostile.ts";
import { whyNoChromium } from "./chromium.ts";

export interface Dashboard {
  readonly url: string;
  readonly token: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** `null`: there is no browser to look at it. */
    dashboard: Dashboard | null;
  }
}

const DAYS_OF_HISTORY = "9";

export default async function setup({ provide }: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (whyNoChromium() !== null) {
    provide("dashboard", null);
    return undefined;
  }
  const service = new LocalService(await freePort());
  try {
    await service.start();
    const { code, output } = await runScript("demo.mjs", { ...service.env, DAYS: DAYS_OF_HISTORY });
    if (code !== 0) throw new Error(`The demo failed:\n${output}`);
    await addTheRest(service);
  } catch (error) {
    await service.dispose();
    throw error;
  }
  provide("dashboard", { url: `http://localhost:${service.port}`, token: service.secrets.ADMIN_TOKENS ?? "" });
  return () => service.dispose();
}

const UNVERIFIED_MAIL = [
  "From: MAILER-DAEMON@mx.example.net",
  "To: bounces@example.com",
  `Subject: ${HOSTILE.script}`,
  "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
  "",
  "--b",
  "Content-Type: message/delivery-status",
  "",
  "Reporting-MTA: dns; mx.example.net",
  "",
  "Final-Recipient: rfc822; somebody@example.com",
  "Action: failed",
  "Status: 5.1.1",
  `Diagnostic-Code: smtp; 550 ${HOSTILE.attribute}`,
  "",
  "--b--",
  "",
].join("\r\n");

/** What the demo has not: hostile texts, what operators did, a mail that nobody vouches for, a refused request. */
async function addTheRest(service: LocalService): Promise<void> {
  const authorization = `Bearer ${service.secrets.ADMIN_TOKENS}`;
  const send = async (path: string, method: string, body: string, type = "application/json", expected = 200) => {
    const headers = { authorization, "content-type": type };
    const response = await service.fetch(path, { method, headers, body });
    if (response.status !== expected) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  };
  await send("/v1/events", "POST", JSON.stringify(hostileEvents()));
  await send("/v1/events", "POST", JSON.stringify(hostileEvents("read.me@example.com")));
  await send("/v1/messages?trusted=false", "POST", UNVERIFIED_MAIL, "message/rfc822");
  const note = `Asked by phone. ${HOSTILE.script}${HOSTILE.attribute}`;
  const recipients = ["ada@example.org", "@blocked.example.net"];
  await send("/v1/suppressions/bulk", "POST", JSON.stringify({ action: "block", recipients, note }));
  await send("/v1/allowlist/us%40example.com", "PUT", JSON.stringify({ note }));
  const list = "email,reason\nimported@example.org,hard bounce\n";
  await send("/v1/suppressions/import", "POST", list, "text/csv");
  const refused = await service.fetch("/webhooks/azure", { method: "POST", body: "[]" });
  if (refused.status !== 401) throw new Error(`a request without a secret got ${refused.status}`);
}
