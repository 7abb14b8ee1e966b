/** The command line against a running service, and against services that fail. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CommandLine, ended } from "./command-line";
import { freePort, LocalService } from "./local-service";

let service: LocalService;
let cli: CommandLine;

beforeAll(async () => {
  service = new LocalService(await freePort());
  await service.start();
  cli = new CommandLine({
    BOUNCEKEEPER_URL: `http://localhost:${service.port}`,
    BOUNCEKEEPER_TOKEN: service.secrets.ADMIN_TOKENS,
  });
  await record({ kind: "bounced", class: "hard", recipient: "dead@example.com" });
});

afterAll(async () => {
  cli?.dispose();
  await service?.dispose();
});

async function record(...events: object[]): Promise<void> {
  const response = await service.fetch("/v1/events", {
    method: "POST",
    headers: { authorization: `Bearer ${service.secrets.ADMIN_TOKENS}` },
    body: JSON.stringify(events),
  });
  expect(response.status, await response.clone().text()).toBe(200);
}

/** A service of a test's own, told by the path and the body. */
async function stub(answer: (path: string, body: string) => { status: number; body: string }): Promise<Server> {
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const { status, body } = answer(request.url ?? "", text);
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

function urlOf(server: Server): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
}

/** Everybody may be mailed. */
const allowAll = (_path: string, body: string) => {
  const { recipients } = JSON.parse(body) as { recipients: string[] };
  return { status: 200, body: JSON.stringify({ checked: recipients.length, suppressed: [], invalid: [] }) };
};

describe("check", () => {
  test("exits with 0 where all may be mailed, and with 1 where one must not", async () => {
    expect(await cli.run(["check", "new@example.com"])).toEqual({
      code: 0,
      stdout: "new@example.com\tallowed\n",
      stderr: "",
    });
    const { code, stdout, stderr } = await cli.run(["check", "dead@example.com", "new@example.com", "nobody"]);
    expect(code).toBe(1);
    expect(stdout.split("\n").map((line) => line.split("\t").slice(0, 3))).toEqual([
      ["dead@example.com", "suppressed", "hard"],
      ["new@example.com", "allowed"],
      ["nobody", "invalid"],
      [""],
    ]);
    expect(stderr).toBe("");
    expect(await cli.run(["check", "--quiet", "nobody"])).toEqual({ code: 1, stdout: "", stderr: "" });
  });

  test("speaks JSON, and takes addresses from standard input", async () => {
    const input = "dead@example.com\r\n\r\nnew@example.com\n";
    const { code, stdout } = await cli.run(["check", "--json", "--strong", "-"], { input });
    expect(code).toBe(1);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { recipient: "dead@example.com", suppressed: true, reasons: ["hard"], source: "d1" },
      { recipient: "new@example.com", suppressed: false, reasons: [], source: "d1" },
    ]);
  });
});

describe("what goes wrong", () => {
  test.each([
    ["no command", []],
    ["an unknown command", ["cheque"]],
    ["an unknown option", ["check", "--strnog", "a@example.com"]],
    ["a missing argument", ["check"]],
    ["an argument too many", ["scrub", "a.csv", "b.csv"]],
    ["a word that is none of those", ["check", "--purpose", "spam", "a@example.com"]],
    ["a time that is none", ["events", "--since", "yesterday"]],
    ["a filter of the other list", ["export", "suppressions", "--kind", "bounced"]],
    ["a file that is not there", ["scrub", "no-such.csv"]],
    ["a folder", ["parse", "."]],
    ["a URL that is none", ["check", "--url", "localhost", "a@example.com"]],
    ["a column that is not there", ["scrub", "--column", "nope", "-"]],
  ])("is one line and exit code 2: %s", async (_what, args) => {
    const { code, stdout, stderr } = await cli.run(args, { input: "a,b\n1,2\n" });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^bouncekeeper: .+\n$/);
  });

  test("without URL or token is said", async () => {
    const none = { BOUNCEKEEPER_URL: undefined, BOUNCEKEEPER_TOKEN: undefined };
    expect((await cli.run(["check", "a@example.com"], { env: none })).stderr).toContain("BOUNCEKEEPER_URL");
    const { code, stderr } = await cli.run(["check", "--url", "http://localhost", "a@example.com"], { env: none });
    expect(code).toBe(2);
    expect(stderr).toContain("BOUNCEKEEPER_TOKEN");
  });

  test("with a wrong token is exit code 2, and the token is not shown", async () => {
    const { code, stdout, stderr } = await cli.run(["check", "--token", "wrong-s3cret", "a@example.com"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^bouncekeeper: .*\(unauthorized, request [0-9a-f-]{36}\)\n$/);
    expect(stderr).not.toContain("s3cret");
  });

  test("with the service is exit code 3", async () => {
    const port = await freePort();
    const { code, stdout, stderr } = await cli.run(["check", "--url", `http://127.0.0.1:${port}`, "a@example.com"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toBe("bouncekeeper: The service did not answer (ECONNREFUSED). (network)\n");
    const server = await stub(() => ({ status: 200, body: "<html>" }));
    expect(await cli.run(["check", "--url", urlOf(server), "a@example.com"])).toMatchObject({ code: 3, stdout: "" });
    server.close();
  });
});

describe("scrub", () => {
  const LIST = 'name;email\r\n"Dead; gone";dead@example.com\r\nNew;new@example.com\r\nNobody;\r\n';

  test("writes what may be mailed, to a file or to standard output", async () => {
    writeFileSync(cli.file("list.csv"), LIST);
    const kept = "name;email\r\nNew;new@example.com\r\n";
    const toFile = await cli.run(["scrub", "list.csv", "--column", "email", "-o", "clean.csv"]);
    expect(toFile).toEqual({
      code: 0,
      stdout: "",
      stderr: "3 rows: 1 allowed, 1 suppressed, 1 without an address\n",
    });
    expect(readFileSync(cli.file("clean.csv"), "utf8")).toBe(kept);
    expect(await cli.run(["scrub", "-q", "-"], { input: LIST })).toEqual({ code: 0, stdout: kept, stderr: "" });
    const suppressed = await cli.run(["scrub", "--keep", "suppressed", "-"], {
      input: "dead@example.com\na@b.example\n",
    });
    expect(suppressed.stdout).toBe("dead@example.com\n");
  });

  test("leaves no file where it fails, and the old one as it was", async () => {
    let calls = 0;
    const server = await stub((path, body) => (++calls > 2 ? { status: 404, body: "{}" } : allowAll(path, body)));
    writeFileSync(cli.file("long.txt"), Array.from({ length: 20_000 }, (_, i) => `user-${i}@example.net\n`).join(""));
    writeFileSync(cli.file("out.txt"), "as it was");
    const { code, stdout } = await cli.run(["scrub", "long.txt", "-o", "out.txt", "--url", urlOf(server)]);
    server.close();
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(readFileSync(cli.file("out.txt"), "utf8")).toBe("as it was");
    expect(existsSync(cli.file("out.txt.part"))).toBe(false);
  });

  test("needs no more memory for a long list than for a short one", async () => {
    const server = await stub(allowAll);
    const rows = 600_000;
    const child = cli.start(["scrub", "-", "--url", urlOf(server)], { nodeArgs: ["--max-old-space-size=48"] });
    let bytes = 0;
    child.stdout?.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    let sent = 0;
    for (let i = 0; i < rows; i += 10_000) {
      const text = Array.from({ length: 10_000 }, (_, k) => `user-${i + k}@some-list-or-other.example.net,x\n`).join(
        "",
      );
      sent += text.length;
      if (!child.stdin?.write(text)) await new Promise((resolve) => child.stdin?.once("drain", resolve));
    }
    child.stdin?.end();
    expect(await closed, stderr).toBe(0);
    server.close();
    expect(bytes).toBe(sent);
    expect(sent).toBeGreaterThan(24_000_000);
    expect(stderr).toBe("600,000 rows: 600,000 allowed, 0 suppressed, 0 without an address\n");
  });
});

describe("import and export", () => {
  test("bring a list in, say what was odd, take it out again", async () => {
    const list = "email,reason\nimported@example.org,hard\nnobody,hard\n";
    writeFileSync(cli.file("import.csv"), list);
    const dry = await cli.run(["import", "--dry-run", "import.csv"]);
    expect(dry.code).toBe(1);
    expect(dry.stdout).toContain("1 new, 0 known, 0 skipped, 1 invalid. Nothing was changed.\n");
    const { code, stdout, stderr } = await cli.run(["import", "-", "--note", "by test"], { input: list });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toMatch(/^3\tinvalid\tinvalid_recipient\tnobody\t.+\n/);
    const batch = /bouncekeeper revert (\S+)\n$/.exec(stdout)?.[1] ?? "";
    expect((await cli.run(["check", "--strong", "imported@example.org"])).code).toBe(1);
    expect(await cli.run(["revert", batch])).toMatchObject({ code: 0, stderr: "" });
    expect((await cli.run(["check", "--strong", "imported@example.org"])).code).toBe(0);
    const again = await cli.run(["import", "--json", "-"], { input: "email\nimported@example.org\n" });
    expect(JSON.parse(again.stdout)).toMatchObject({ rows: 1, new: 1, invalid: 0, batchId: expect.any(String) });
  });

  test("write the list and the journal, whole or in part", async () => {
    const { code, stdout, stderr } = await cli.run(["export", "suppressions", "--domain", "example.com"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [head, ...rows] = stdout.trim().split("\r\n");
    expect(head).toMatch(/^recipient,reasons,/);
    expect(rows.filter((row) => row.startsWith("dead@example.com,hard,"))).toHaveLength(1);
    const args = ["export", "events", "--format", "ndjson", "--recipient", "dead@example.com", "-o", "events.ndjson"];
    expect(await cli.run(args)).toEqual({ code: 0, stdout: "", stderr: "" });
    const events = readFileSync(cli.file("events.ndjson"), "utf8").trim().split("\n");
    expect(events.map((line) => JSON.parse(line))).toMatchObject([{ kind: "bounced", recipient: "dead@example.com" }]);
  });
});

describe("events", () => {
  test("are listed, newest first", async () => {
    await record({ kind: "bounced", class: "soft", recipient: "list@example.com", messageId: "first" });
    await record({ kind: "deferred", recipient: "list@example.com", diagnosticCode: "421 \u001b[31mtry\nlater" });
    const { code, stdout } = await cli.run(["events", "--recipient", "list@example.com", "--since", "1h"]);
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => line.split("\t"));
    expect(lines.map(([, kind]) => kind)).toEqual(["deferred", "bounced (soft)"]);
    expect(lines[0]?.at(-1)).toBe("421  [31mtry later");
    const one = await cli.run(["events", "-n", "1", "--json", "--recipient", "list@example.com"]);
    expect(JSON.parse(one.stdout)).toMatchObject({ kind: "deferred" });
  });

  test("are followed until Ctrl-C, each once", async () => {
    const follow = cli.start(["events", "--follow", "--interval", "1", "--json", "--recipient", "live@example.com"]);
    let seen = "";
    follow.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      seen += chunk;
    });
    const ids = () => [...seen.matchAll(/"messageId":"(\d+)"/g)].map((match) => match[1]);
    // The first ones may still be from before it began to look.
    for (let n = 0; ids().length < 3; n++) {
      await record({ kind: "deferred", recipient: "live@example.com", messageId: `${n}`, id: `live-${n}` });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(n, "events are not followed").toBeLessThan(60);
    }
    follow.kill("SIGINT");
    const code = await new Promise<number | null>((resolve) => follow.once("close", resolve));
    expect(code).toBe(130);
    const first = Number(ids()[0]);
    expect(ids()).toEqual(ids().map((_, i) => `${first + i}`));
  });

  test("stop where nobody reads on", async () => {
    const many = Array.from({ length: 3_000 }, (_, i) => ({
      kind: "deferred",
      recipient: "many@example.com",
      id: `m-${i}`,
    }));
    await record(...many);
    const child = cli.start(["events", "--limit", "3000", "--recipient", "many@example.com"]);
    child.stdout?.once("data", () => child.stdout?.destroy());
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(141);
    expect(stderr).toBe("");
  });
});

describe("the rest", () => {
  test("says what a mail is", async () => {
    const mail = [
      "From: MAILER-DAEMON@mx.example.net",
      "To: bounces@example.com",
      "Subject: Undelivered Mail Returned to Sender",
      "MIME-Version: 1.0",
      'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
      "",
      "--b",
      "Content-Type: message/delivery-status",
      "",
      "Reporting-MTA: dns; mx.example.net",
      "",
      "Final-Recipient: rfc822; mailed@example.com",
      "Action: failed",
      "Status: 5.1.1",
      "Diagnostic-Code: smtp; 550 5.1.1 User unknown",
      "",
      "--b--",
      "",
    ].join("\r\n");
    writeFileSync(cli.file("bounce.eml"), mail);
    const { code, stdout } = await cli.run(["parse", "bounce.eml"]);
    expect(code).toBe(0);
    expect(stdout.split("\n")[0]).toBe("dsn");
    expect(stdout.split("\n")[1]).toMatch(/^bounced\thard\t\S+\tmailed@example\.com\t5\.1\.1\t/);
    const hello = await cli.run(["parse", "--json", "-"], { input: "Subject: Hello\r\n\r\nHow are you?\r\n" });
    expect(hello.code).toBe(1);
    expect(JSON.parse(hello.stdout)).toEqual({ form: "unrecognized", events: [] });
  });

  test("shows, blocks and releases a recipient", async () => {
    expect(await cli.run(["block", "shown@example.com", "--note", "asked", "--until", "7d"])).toMatchObject({
      code: 0,
    });
    const shown = await cli.run(["show", "shown@example.com"]);
    expect(shown.code).toBe(1);
    expect(shown.stdout).toMatch(/^shown@example\.com\tsuppressed\tmanual\t/);
    expect(shown.stdout).toMatch(/^\* \S+\tmanual_block\t/m);
    expect(await cli.run(["release", "shown@example.com"])).toMatchObject({
      code: 0,
      stdout: "shown@example.com\treleased\n",
    });
    expect((await cli.run(["show", "shown@example.com"])).code).toBe(0);
    expect((await cli.run(["show", "stranger@example.com"])).stderr).toContain("(not_found");
  });

  test("lists what could not be read, reads it again, drops it", async () => {
    const url = `/webhooks/inboxroad?token=${service.secrets.WEBHOOK_INBOXROAD}`;
    await service.fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: "{not json" });
    const list = await cli.run(["quarantine", "list"]);
    const id = list.stdout.split("\t")[0] ?? "";
    expect(list.stdout.split("\t")[2]).toBe("inboxroad/default");
    expect(await cli.run(["quarantine", "replay", "--all"])).toMatchObject({
      code: 1,
      stdout: `${id}\tstill unreadable\t0 new\n`,
    });
    expect(await cli.run(["quarantine", "drop", id])).toMatchObject({ code: 0, stdout: `${id}\tdropped\n` });
    expect(await cli.run(["quarantine", "list"])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("lists connections", async () => {
    const { stdout } = await cli.run(["connections"]);
    expect(stdout).toMatch(/^inboxroad\/default\tusable\thttp\S+\/webhooks\/inboxroad\t/m);
  });

  test("explains itself", async () => {
    const help = await cli.run(["--help"]);
    expect(help.code).toBe(0);
    const names = [...help.stdout.matchAll(/^ {2}([a-z]+)\b/gm)].map((match) => match[1] ?? "");
    expect(names).toContain("scrub");
    for (const name of names) {
      const { code, stdout } = await cli.run([name, "--help"]);
      expect(code, name).toBe(0);
      expect(stdout, name).toContain(`Usage: bouncekeeper ${name}`);
      expect(stdout, name).toContain(`  bouncekeeper ${name}`);
      expect(Math.max(...stdout.split("\n").map((line) => line.length)), name).toBeLessThan(125);
    }
    expect((await cli.run(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("ends on Ctrl-C, also where it waits for input", async () => {
    const waiting = cli.start(["scrub", "-"]);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    waiting.kill("SIGINT");
    expect(await ended(waiting)).toEqual({ code: 130, stdout: "", stderr: "" });
  });
});
