/**
 * Mailboxes on a real POP3 server, scanned by the service as its users run it: without TLS, with STARTTLS and with TLS.
 */
import { writeFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { binaryBytes, binaryText } from "../support/pop3-server";
import { bounceMail, strayMail } from "../support/returned-mails";
import { Dovecot, PASSWORD, whyNoDovecot } from "./dovecot";
import { freePort, LocalService } from "./local-service";

const obstacle = whyNoDovecot();
if (obstacle) console.warn(`\nNOT TESTED: mailboxes on a real POP3 server. ${obstacle}.\n`);

const TOKEN = "admin-token-of-the-test";
const LARGE_BYTES = 30_000_000;
const MODES = ["none", "starttls", "tls"] as const;

test("continuous integration has a real POP3 server", () => {
  if (process.env.CI) expect(obstacle).toBeNull();
});

describe.runIf(obstacle === null)("on Dovecot", () => {
  let dovecot: Dovecot;
  let service: LocalService;

  /** Named like its user. */
  const entry = (name: string, more: Readonly<Record<string, unknown>>) => {
    const port = more.tls === "tls" ? dovecot.tlsPort : dovecot.plainPort;
    return { name, host: "localhost", port, username: name, password: PASSWORD, scan_interval: "1h", ...more };
  };

  beforeAll(async () => {
    dovecot = await Dovecot.start();
    for (const user of [...MODES, "kept", "large", "busy"]) dovecot.addUser(user);
    for (const mode of MODES) {
      dovecot.deliver(mode, "1", bounceMail(`bounce-${mode}`, `${mode}@gone.example.net`).bytes);
      dovecot.deliver(mode, "2", strayMail(`stray-${mode}`).bytes);
    }
    service = new LocalService(await freePort());
    const mailboxes = [
      ...MODES.map((tls) => entry(tls, { tls, trusted: true })),
      entry("kept", { tls: "tls", keep: true, trusted: true, auth_protocol: "plain" }),
      entry("large", { tls: "tls" }),
      entry("busy", { tls: "starttls", auth_protocol: "plain" }),
      entry("stranger", { tls: "tls" }),
    ];
    const vars = `ADMIN_TOKENS=${TOKEN}\nCHECK_TOKENS=check-token\nMAILBOXES='${JSON.stringify(mailboxes)}'\n`;
    writeFileSync(service.env.BOUNCEKEEPER_DEV_VARS ?? "", vars);
    await service.start();
  });

  afterAll(async () => {
    await service?.dispose();
    await dovecot?.dispose();
  });

  const ask = (pathAndQuery: string, method = "GET") =>
    service.fetch(pathAndQuery, { method, headers: { authorization: `Bearer ${TOKEN}` } });
  const jsonOf = async (pathAndQuery: string, method?: string) => (await ask(pathAndQuery, method)).json();
  const scan = (name: string, query = "") => jsonOf(`/v1/mailboxes/${name}/scan${query}`, "POST");

  test.each(MODES)("the cron records what is in a mailbox with tls = %s, and then deletes it", async (mode) => {
    const stateOf = async () => {
      const { items } = (await jsonOf("/v1/mailboxes")) as { items: { name: string }[] };
      return items.find(({ name }) => name === mode);
    };
    await expect.poll(stateOf, { timeout: 30_000 }).toMatchObject({ lastSuccessAt: expect.any(String) });
    expect(await stateOf()).toMatchObject({
      error: null,
      counts: { listed: 2, recorded: 2, quarantined: 1, deleted: 2, oversized: 0, failed: 0 },
    });
    expect(await service.isSuppressed(`${mode}@gone.example.net`, "strong")).toBe(true);
    expect(dovecot.mailCount(mode)).toBe(0);
  });

  test("a mail that is no report is kept byte for byte", async () => {
    const { items } = (await jsonOf("/v1/quarantine")) as { items: { id: string; connection: string }[] };
    for (const mode of MODES) {
      const id = items.find(({ connection }) => connection === mode)?.id;
      const body = await (await ask(`/v1/quarantine/${id}/body`)).arrayBuffer();
      expect(binaryText(new Uint8Array(body))).toBe(binaryText(strayMail(`stray-${mode}`).bytes));
    }
  });

  test("a mailbox that keeps its mails is read once", async () => {
    for (const n of [1, 2, 3]) dovecot.deliver("kept", `${n}`, bounceMail(`kept-${n}`, "kept@gone.example.net").bytes);
    expect(await scan("kept", "?dryRun=true")).toMatchObject({ listed: 3, recorded: 0, error: null });
    expect(await scan("kept")).toMatchObject({ listed: 3, recorded: 3, deleted: 0, error: null });
    expect(await scan("kept")).toMatchObject({ listed: 3, recorded: 0, deleted: 0, error: null });
    expect(dovecot.mailCount("kept")).toBe(3);
  });

  test("a mail of 30 MB stays, and holds up no other", async () => {
    const line = `${"x".repeat(70)}\r\n`;
    dovecot.deliver("large", "1", binaryBytes(`Subject: large\r\n\r\n${line.repeat(LARGE_BYTES / line.length)}`));
    dovecot.deliver("large", "2", strayMail("behind").bytes);
    expect(await scan("large")).toMatchObject({ listed: 2, recorded: 1, deleted: 1, oversized: 1, error: null });
    expect(await scan("large")).toMatchObject({ listed: 1, recorded: 0, oversized: 1, error: null });
    expect(dovecot.mailCount("large")).toBe(1);
  });

  test("a mailbox that somebody else has open is busy, and read once it is free", async () => {
    dovecot.deliver("busy", "1", strayMail("busy").bytes);
    const other = await signIn(dovecot.plainPort, "busy");
    expect(await scan("busy")).toMatchObject({ recorded: 0, error: { code: "busy" } });
    other.destroy();
    await expect.poll(() => scan("busy"), { timeout: 10_000 }).toMatchObject({ recorded: 1, deleted: 1, error: null });
  });

  test("a user whom the server does not know is told so", async () => {
    const { error } = (await scan("stranger")) as { error: { code: string; detail: string } };
    expect(error).toEqual({ code: "login_failed", detail: expect.stringContaining("[AUTH]") });
    expect(error.detail).not.toContain(PASSWORD);
  });

  test("a server that was away is read when it is back", async () => {
    await dovecot.stop();
    dovecot.deliver("tls", "3", strayMail("later").bytes);
    expect(await scan("tls")).toMatchObject({ error: { code: "connect_failed" } });
    await dovecot.run();
    expect(await scan("tls")).toMatchObject({ recorded: 1, deleted: 1, error: null });
  });
});

/** Another program with the mailbox open. */
async function signIn(port: number, user: string): Promise<Socket> {
  const socket = createConnection({ host: "127.0.0.1", port });
  let heard = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    heard += text;
  });
  socket.write(`USER ${user}\r\nPASS ${PASSWORD}\r\n`);
  await expect.poll(() => heard, { timeout: 10_000 }).toMatch(/\+OK Logged in/);
  return socket;
}
