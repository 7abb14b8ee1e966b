import { beforeEach, expect, it } from "vitest";
import { doneOf, type Visitor, visitor } from "../support/dashboard";
import { bounced, report } from "../support/reports";
import { MINUTE_MS, setStage } from "../support/stage";
import { countOf, reasonsOf } from "../support/stores";
import { setProviders } from "../support/sync-lists";
import { syncEnv } from "../support/syncs";
import { testEnv } from "../support/worker";

const PATH = "/dashboard/sync";
const ONE = `${PATH}/sendgrid/default`;

setStage();
const { apis } = setProviders();

let one: Visitor;
beforeEach(async () => {
  one = await visitor(syncEnv());
});

const ask = (what: string, fields: Readonly<Record<string, string>> = {}) => one.post(`${ONE}/${what}`, fields, ONE);
const fill = () =>
  apis.sendgrid.lists.unsubscribes?.set("left@example.com", { email: "left@example.com", created: 1_890_000_000 });

it("without a secret says what it is for", async () => {
  const stranger = await visitor(testEnv());
  expect(await stranger.html(PATH)).toContain("SYNC_SENDGRID");
  expect((await stranger.get(ONE)).status).toBe(404);
});

it("tries first, and then reads", async () => {
  fill();
  expect(await one.html(PATH)).toContain("waiting for the first run");
  const tried = await (await ask("try-pull")).text();
  expect(tried).toMatch(/1 would be new/);
  expect(tried).toContain("left@example.com");
  expect(await countOf("events")).toBe(0);
  expect(doneOf(await ask("pull"))).toBe("sync-pulled");
  expect(await reasonsOf("left@example.com")).toEqual(["unsubscribe"]);
  expect(await one.html(ONE)).toContain("/dashboard/batches/");
  expect(await one.html(PATH)).toContain("in step");
});

it("tries first, and then sends; the first time it has to be said from where", async () => {
  await report(bounced("gone@example.com", "hard", Date.now() - MINUTE_MS));
  const tried = await (await ask("try-push")).text();
  expect(tried).toMatch(/1 would be listed there/);
  expect(doneOf(await ask("push"))).toBe("failed");
  expect(apis.sendgrid.calls).toEqual([]);
  expect(doneOf(await ask("push", { from: "beginning" }))).toBe("sync-pushed");
  expect(apis.sendgrid.lists.unsubscribes?.has("gone@example.com")).toBe(true);
  expect(await one.html("/dashboard/audit")).toContain("had the list sent to a provider");
});

it("says what the provider says, and shows no secret", async () => {
  apis.sendgrid.intercept = () => new Response("<script>no</script>", { status: 500 });
  expect(await (await ask("try-pull")).text()).toContain("&lt;script&gt;");
  expect(doneOf(await ask("pull"))).toBe("sync-failed");
  const html = await one.html(ONE);
  expect(html).toContain("HTTP 500");
  expect(html).not.toMatch(/<script>no|SG\.made/);
});

it("pauses and goes on", async () => {
  expect(doneOf(await ask("pause"))).toBe("sync-paused");
  expect(await one.html(PATH)).toContain("paused");
  expect(doneOf(await ask("pull"))).toBe("failed");
  expect(doneOf(await ask("resume"))).toBe("resumed");
});

it("takes no form of somebody else's page", async () => {
  fill();
  const response = await one.postRaw(`${ONE}/pull`, { "form-token": "0" });
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(await countOf("events")).toBe(0);
});
