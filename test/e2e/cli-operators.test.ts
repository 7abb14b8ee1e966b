/** What operators decide by the command line, against a running service: the policy, incidents, providers' lists. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CommandLine, commandLineOf } from "./command-line";
import { freePort, LocalService } from "./local-service";

let service: LocalService;
let cli: CommandLine;

beforeAll(async () => {
  service = new LocalService(await freePort());
  await service.start();
  cli = commandLineOf(service);
});

afterAll(async () => {
  cli?.dispose();
  await service?.dispose();
});

describe("policy", () => {
  const counted = "counted@example.com";

  test("is tried, looked into, put in force and undone", async () => {
    await service.record(
      [1, 2, 3].map((n) => ({ kind: "bounced", class: "soft", recipient: counted, messageId: `m-${n}` })),
    );
    const before = await cli.run(["policy", "show"]);
    expect(before).toMatchObject({ code: 0, stderr: "" });
    expect(before.stdout).toMatch(/^variable\t0\t-\t-\n\{/);

    writeFileSync(cli.file("policy.json"), '{"soft_threshold":3}');
    const simulated = await cli.run(["policy", "simulate", "policy.json"]);
    expect(simulated).toMatchObject({ code: 0, stderr: "" });
    expect(simulated.stdout).toContain(`${counted}\tsuppressed\tallowed\tsoft\t-\n`);
    expect(simulated.stdout).toContain("1 suppressed, 0 released, 0 changed, 0 reclassified. Nothing was changed.");
    const id = /bouncekeeper policy apply (\S+)\n$/.exec(simulated.stdout)?.[1] ?? "";
    expect((await cli.run(["policy", "changes", id])).stdout).toBe(`${counted}\tsuppressed\tallowed\tsoft\t-\n`);
    expect((await cli.run(["check", "--strong", counted])).code).toBe(0);

    const applied = await cli.run(["policy", "apply", id, "--note", "stricter"]);
    expect(applied.stdout).toMatch(/^It holds: 1 recipients decided about anew\. Undo it with: bouncekeeper revert /);
    expect((await cli.run(["check", "--strong", counted])).code).toBe(1);
    expect(JSON.parse((await cli.run(["policy", "show", "--json"])).stdout)).toMatchObject({
      origin: "applied",
      policy: { soft_threshold: 3 },
    });
    const batch = /revert (\S+)\n$/.exec(applied.stdout)?.[1] ?? "";
    expect((await cli.run(["revert", batch])).stdout).toContain("recipients decided about anew.\n");
    expect((await cli.run(["check", "--strong", counted])).code).toBe(0);
  });

  test("that is none is refused before anything is asked, or with the service's words", async () => {
    expect(await cli.run(["policy", "simulate", "-"], { input: "{" })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no JSON"),
    });
    expect(await cli.run(["policy", "simulate", "-"], { input: '{"soft_threshold":0}' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("policy.soft_threshold"),
    });
    expect(await cli.run(["policy", "simulate"])).toMatchObject({ code: 2 });
    expect(await cli.run(["policy", "burn"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("show, simulate, changes, apply"),
    });
  });
});

describe("incidents", () => {
  const receiver = "refusing.example.com";
  const people = Array.from({ length: 130 }, (_, i) => `p${i}@${receiver}`);
  const at = (hoursAgo: number) => new Date(Date.now() - hoursAgo * 3_600_000).toISOString();

  test("wait for a decision, which exit code 1 says, and are decided", async () => {
    expect(await cli.run(["incidents", "list"])).toEqual({ code: 0, stdout: "", stderr: "" });
    await service.record(
      people.map((recipient, i) => ({ kind: "delivered", recipient, occurredAt: at(48), messageId: `d-${i}` })),
    );
    const refused = people.map((recipient, i) => ({
      kind: "bounced",
      class: "hard",
      recipient,
      occurredAt: at(0.1),
      messageId: `b-${i}`,
      diagnosticCode: "550 5.7.1 Service unavailable; client host [192.0.2.7] is on a block list",
    }));
    await service.record(refused.slice(0, 90));
    await service.record(refused.slice(90));
    const list = await cli.run(["incidents", "list", "--status", "open"]);
    expect(list).toMatchObject({ code: 1, stderr: "" });
    const [id = "", status, , connection, where] = list.stdout.split("\t");
    expect([status, connection, where]).toEqual(["open", "api/default", "example.com"]);
    const held = await cli.run(["incidents", "bounces", id, "--json"]);
    expect(JSON.parse(held.stdout.split("\n")[0] ?? "")).toMatchObject({ heldBy: id });

    const dropped = await cli.run(["incidents", "drop", id, "--release"]);
    expect(dropped).toMatchObject({ code: 0, stderr: "" });
    expect(dropped.stdout).toContain(`Incident ${id} is dropped: `);
    expect((await cli.run(["incidents", "list"])).code).toBe(0);
    expect(await cli.run(["incidents", "confirm", id])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("incident_decided"),
    });
    expect((await cli.run(["check", "--strong", people[0] ?? ""])).code).toBe(0);
  });
});

describe("sync", () => {
  test("lists nothing where nothing is configured, and says so of one that is not", async () => {
    expect(await cli.run(["sync", "list"])).toEqual({ code: 0, stdout: "", stderr: "" });
    for (const action of ["pull", "push", "pause", "resume"]) {
      expect(await cli.run(["sync", action, "sendgrid"])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("(not_found"),
      });
    }
    expect(await cli.run(["sync", "pull"])).toMatchObject({ code: 2, stderr: expect.stringContaining("Which one?") });
  });
});
