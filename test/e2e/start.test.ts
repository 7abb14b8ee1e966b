/**
 * The service as its users meet it: started by `npm start`, spoken to over HTTP, killed without warning.
 */
import { statSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, LocalService, runScript, somebodyListens } from "./local-service";

const THRESHOLD = 5;
let service: LocalService;

beforeAll(async () => {
  service = new LocalService(await freePort());
  await service.start();
});

afterAll(() => service.dispose());

/** A record as Inboxroad posts it, of one message to the recipient. */
async function reportFullMailbox(recipient: string, message: number): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const response = await service.fetch(`/webhooks/inboxroad?token=${service.secrets.WEBHOOK_INBOXROAD}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      type: "b",
      timeLogged: `${now}`,
      orig: "news@rp.example.com",
      rcpt: recipient,
      dsnAction: "failed",
      dsnStatus: "5.0.0 (undefined status)",
      dsnDiag: "smtp;550 rejected",
      bounceCat: "quota-issues",
      rcvSmtpUser: "user",
      "header_Message-Id": `<message-${message}@rp.example.com>`,
      vmta: "a000",
    }),
  });
  expect(response.status, await response.clone().text()).toBe(200);
  expect(await response.json()).toMatchObject({ received: 1, new: 1, duplicate: 0 });
}

async function expectSuppressed(recipient: string, expected: boolean): Promise<void> {
  await expect.poll(() => service.isSuppressed(recipient, "kv"), { timeout: 2_000 }).toBe(expected);
  await expect.poll(() => service.isSuppressed(recipient, "strong"), { timeout: 2_000 }).toBe(expected);
}

test("the fifth message that finds a full mailbox suppresses the address", async () => {
  for (let message = 1; message <= THRESHOLD; message++) {
    await reportFullMailbox("five@example.net", message);
    await expectSuppressed("five@example.net", message === THRESHOLD);
  }
});

test("the cron has run", async () => {
  await expect
    .poll(async () => (await (await service.fetch("/health")).json()) as { lastCron: string | null }, {
      timeout: 5_000,
    })
    .toMatchObject({ lastCron: expect.any(String) });
});

test("secrets that it made are for their owner only, and are not made again", async () => {
  const { ADMIN_TOKENS, CHECK_TOKENS } = service.secrets;
  expect(ADMIN_TOKENS).toMatch(/^\S{32,}$/);
  expect(CHECK_TOKENS).not.toBe(ADMIN_TOKENS);
  expect(service.output).toContain(ADMIN_TOKENS);
  for (const ending of ["", ".demo-keys.json"]) {
    expect(statSync(`${service.env.BOUNCEKEEPER_DEV_VARS}${ending}`).mode & 0o777, ending).toBe(0o600);
  }
});

describe("the demo", () => {
  test("posts an hour of traffic, and adds nothing when it is posted again", async () => {
    const first = await runScript("demo.mjs", service.env);
    expect(first, first.output).toMatchObject({ code: 0 });
    expect(first.output).toMatch(/fills\.up@example\.net +suppressed \(soft\)/);
    expect(first.output).toMatch(/^Playing \d+ senders: ahasend, .* sendgrid, .* zeptomail\.$/m);
    expect(first.output).not.toContain("Left out");
    const second = await runScript("demo.mjs", service.env);
    expect(second, second.output).toMatchObject({ code: 0 });
  });

  test("leaves out the providers that it has no secret for, and those it cannot sign for", async () => {
    const { ADMIN_TOKENS, WEBHOOK_INBOXROAD, WEBHOOK_SENDGRID } = service.secrets;
    const file = `${service.env.BOUNCEKEEPER_DEV_VARS}.few`;
    writeFileSync(
      file,
      Object.entries({ ADMIN_TOKENS, WEBHOOK_INBOXROAD, WEBHOOK_SENDGRID })
        .map((pair) => `${pair.join("=")}\n`)
        .join(""),
    );
    const { code, output } = await runScript("demo.mjs", { ...service.env, BOUNCEKEEPER_DEV_VARS: file, SEED: "few" });
    expect(code, output).toBe(0);
    expect(output).toContain("Playing 2 senders: api, inboxroad.");
    expect(output).toMatch(/^Left out.* powermta.* sendgrid.*npm start/m);
  });

  test("says so when nobody listens", async () => {
    const { code, output } = await runScript("demo.mjs", { ...service.env, PORT: `${await freePort()}` });
    expect(code).toBe(1);
    expect(output).toContain("npm start");
  });
});

describe("a start that cannot work", () => {
  test("names the port that is taken, and the way around it", async () => {
    const other = new LocalService(service.port);
    const { code, output } = await runScript("start.mjs", other.env);
    await other.dispose();
    expect(code).toBe(1);
    expect(output).toContain(`Port ${service.port} is taken`);
    expect(output).toContain(`PORT=${service.port + 1} npm start`);
  });

  test.each(["0", "70000", "80a", "-1"])("refuses PORT=%s", async (port) => {
    const { code, output } = await runScript("start.mjs", { ...service.env, PORT: port });
    expect(code).toBe(1);
    expect(output).toContain("PORT must be a number from 1 to 65535");
  });

  test("does not use data that another start is using", async () => {
    const { code, output } = await runScript("start.mjs", { ...service.env, PORT: `${await freePort()}` });
    expect(code).toBe(1);
    expect(output).toContain(`already running on http://localhost:${service.port}`);
  });
});

test("a killed runtime is started again, with its data", async () => {
  for (let message = 1; message <= THRESHOLD; message++) await reportFullMailbox("crash@example.net", message);
  // The one that holds the port. Wrangler restarts it as well, but then every request waits for ever.
  const runtime = service.processes().find(({ command }) => command.includes(`localhost:${service.port}`));
  process.kill(runtime?.pid ?? 0, "SIGKILL");
  await expect.poll(() => service.output, { timeout: 10_000 }).toContain("crashed unexpectedly");
  const health = async () => (await service.fetch("/health", { signal: AbortSignal.timeout(1_000) })).status;
  await expect.poll(health, { timeout: 60_000 }).toBe(200);
  await expectSuppressed("crash@example.net", true);
});

test("what was acknowledged survives a SIGKILL of everything, between any two messages", async () => {
  for (let message = 1; message <= THRESHOLD; message++) {
    await reportFullMailbox("killed@example.net", message);
    await service.killEverything();
    await service.start();
    await expectSuppressed("killed@example.net", message === THRESHOLD);
  }
});

test("SIGTERM ends it, with exit code 0 and nothing left behind", async () => {
  const processes = service.processes();
  expect(processes.length).toBeGreaterThan(1);
  expect(await service.terminate()).toBe(0);
  expect(await somebodyListens(service.port)).toBe(false);
  const { stillRunning } = await import(pathToFileURL("scripts/processes.mjs").href);
  expect(stillRunning(processes)).toEqual([]);
});
