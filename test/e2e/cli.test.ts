/** The command line against a running service. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bounceMail } from "../support/returned-mails";
import { type CommandLine, commandLineOf } from "./command-line";
import { freePort, LocalService } from "./local-service";

let service: LocalService;
let cli: CommandLine;

beforeAll(async () => {
  service = new LocalService(await freePort());
  await service.start();
  cli = commandLineOf(service);
  await service.record([{ kind: "bounced", class: "hard", recipient: "dead@example.com" }]);
});

afterAll(async () => {
  cli?.dispose();
  await service?.dispose();
});

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

  test("of many addresses says no word but the answers", async () => {
    const many = Array.from({ length: 40 }, (_, i) => `new${i}@example.com`);
    const { code, stdout, stderr } = await cli.run(["check", ...many]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(many.map((address) => `${address}\tallowed\n`).join(""));
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
  test("with a wrong token is exit code 2, and the token is not shown", async () => {
    const { code, stdout, stderr } = await cli.run(["check", "--token", "wrong-s3cret", "a@example.com"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^bouncekeeper: .*\(unauthorized, request [0-9a-f-]{36}\)\n$/);
    expect(stderr).not.toContain("s3cret");
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
    await service.record([{ kind: "bounced", class: "soft", recipient: "list@example.com", messageId: "first" }]);
    await service.record([
      { kind: "deferred", recipient: "list@example.com", diagnosticCode: "421 \u001b[31mtry\nlater" },
    ]);
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
      await service.record([{ kind: "deferred", recipient: "live@example.com", messageId: `${n}`, id: `live-${n}` }]);
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
    await service.record(many);
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
    writeFileSync(cli.file("bounce.eml"), bounceMail("one", "mailed@example.com").bytes);
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
});
