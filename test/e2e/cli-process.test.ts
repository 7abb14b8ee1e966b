/** The command line as a program: exit codes, help, memory, signals. Its services are made up, or are not there. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CommandLine, ended } from "./command-line";
import { freePort } from "./local-service";

let cli: CommandLine;

beforeAll(async () => {
  cli = new CommandLine({
    BOUNCEKEEPER_URL: `http://127.0.0.1:${await freePort()}`,
    BOUNCEKEEPER_TOKEN: "a-token",
  });
});

afterAll(() => cli?.dispose());

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

describe("the rest", () => {
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
