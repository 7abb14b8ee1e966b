import { beforeEach, describe, expect, it } from "vitest";
import { doneOf, type Visitor, visitor } from "../support/dashboard";
import { failStore, withFaults } from "../support/faults";
import { failing, isSignedWith, notification, setWorld, subscribe, tell } from "../support/receivers";
import { bounced, report } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf, rowsOf } from "../support/stores";
import { runCron, testEnv } from "../support/worker";

const PATH = "/dashboard/notifications";

setStage();
const world = setWorld();

let one: Visitor;
beforeEach(async () => {
  one = await visitor();
});

const at = () => Date.now() - MINUTE_MS;
const add = (fields: Readonly<Record<string, string | readonly string[]>>) => one.post(PATH, fields, PATH);
const theId = async () => (await rowsOf<{ id: string }>("SELECT id FROM notifications"))[0]?.id ?? "";

describe("having somebody told", () => {
  it("shows the secret once, and tells from then on", async () => {
    const hook = world.receiver("hooks.example.com");
    expect(await one.html(PATH)).toContain("Nobody is told");
    const response = await add({ url: hook.url, events: ["event.*"], format: "standard", note: "the shop" });
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const secret = /whsec_[A-Za-z0-9+/]{43}=/.exec(await response.text())?.[0] ?? "";
    await report(bounced("john@example.com", "hard", at()));
    expect(hook.heard.map(({ body }) => body.type)).toEqual(["event.bounced"]);
    expect(await isSignedWith(secret, hook.heard[0]!)).toBe(true);
    const list = await one.html(PATH);
    expect(list).toContain("hooks.example.com");
    expect(list).toContain("the shop");
    expect(list).not.toContain("whsec_");
  });

  it("says what is wrong with a URL, and adds nobody", async () => {
    const response = await add({ url: "https://10.0.0.1/", format: "standard" });
    expect(await response.text()).toContain("private network");
    expect(await (await add({ url: "https://lists.example.com", format: "listmonk" })).text()).toContain("user:token");
    expect(await countOf("notifications")).toBe(0);
  });

  it("takes a listmonk server with its credentials, and shows these nowhere", async () => {
    const server = world.receiver("lists.example.com", "");
    const response = await add({ url: server.url, format: "listmonk", credentials: "keeper:a-token" });
    expect(doneOf(response)).toBe("told");
    expect(await one.html(`${PATH}/${await theId()}`)).not.toContain("a-token");
    await report(bounced("john@example.com", "hard", at()));
    expect(server.heard.map(({ body }) => body.email)).toEqual(["john@example.com"]);
  });
});

describe("the page of one that is told", () => {
  it("says what was attempted, and with what outcome", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = failing(422);
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("john@example.com", "hard", at()));
    const page = await one.html(`${PATH}/${id}`);
    expect(page).toContain("event.bounced");
    expect(page).toContain("HTTP 422");
    expect(page).toContain("refuses");
    expect(page).not.toContain("john@example.com");
    expect((await one.get(`${PATH}/nobody`)).status).toBe(404);
  });

  it.each([
    ["refuses", failing(401)],
    ["does not answer", () => Promise.reject(new TypeError("connection refused"))],
  ])("goes by what came of the last attempt, also before and after a pause: %s", async (word, answer) => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = answer;
    const { id } = await subscribe(hook, ["event.*"]);
    const others = ["refuses", "does not answer"].filter((other) => other !== word);
    for (let i = 0; i < 12; i++) {
      await report(bounced(`john${i}@example.com`, "hard", at()));
      for (const page of [await one.html(PATH), await one.html(`${PATH}/${id}`)]) {
        expect(page).toContain(word);
        for (const other of others) expect(page).not.toContain(other);
      }
      pass(i % 2 ? MINUTE_MS : DAY_MS / 48);
      await tell();
    }
  });

  it("sends a test", async () => {
    const hook = world.receiver("hooks.example.com");
    const { id } = await subscribe(hook);
    expect(doneOf(await one.post(`${PATH}/${id}/test`, {}, `${PATH}/${id}`))).toBe("notification-arrived");
    hook.answer = failing(500);
    expect(doneOf(await one.post(`${PATH}/${id}/test`, {}, `${PATH}/${id}`))).toBe("notification-refused");
  });

  it("changes the secret, and shows the new one once", async () => {
    const hook = world.receiver("hooks.example.com");
    const { id, secret } = await subscribe(hook, ["event.*"]);
    const page = await (await one.post(`${PATH}/${id}/rotate`, {}, `${PATH}/${id}`)).text();
    const changed = /whsec_[A-Za-z0-9+/]{43}=/.exec(page)?.[0] ?? "";
    expect(changed).not.toBe(secret);
    await report(bounced("john@example.com", "hard", at()));
    expect(await isSignedWith(changed, hook.heard[0]!)).toBe(true);
  });

  it("delivers again what was given up, or drops it, and resumes what was stopped", async () => {
    const hook = world.receiver("hooks.example.com");
    hook.answer = failing(400);
    const { id } = await subscribe(hook, ["event.*"]);
    await report([bounced("a@example.com", "hard", at()), bounced("b@example.com", "hard", at())]);
    for (let passed = 0; passed < 4 * DAY_MS; passed += DAY_MS / 4) {
      pass(DAY_MS / 4);
      await tell();
    }
    expect((await notification(id)).parked).toBe(2);
    // Four days later, that session is over.
    one = await visitor();
    const page = await one.html(`${PATH}/${id}`);
    const [, dropPath = ""] = /action="([^"]+\/drop\/[^"]+)"/.exec(page) ?? [];
    expect(doneOf(await one.post(dropPath, {}, `${PATH}/${id}`))).toBe("dismissed");
    hook.answer = () => new Response();
    expect(doneOf(await one.post(`${PATH}/${id}/redeliver`, {}, `${PATH}/${id}`))).toBe("redelivered");
    expect(doneOf(await one.post(`${PATH}/${id}/resume`, {}, `${PATH}/${id}`))).toBe("resumed");
    await tell();
    expect(await notification(id)).toMatchObject({ parked: 0, waiting: 0, status: "active" });
  });

  it("has it told no more", async () => {
    const { id } = await subscribe(world.receiver("hooks.example.com"));
    expect(doneOf(await one.post(`${PATH}/${id}/delete`, {}, `${PATH}/${id}`))).toBe("told-no-more");
    expect(await countOf("notifications")).toBe(0);
    const audit = await rowsOf<{ action: string }>("SELECT action FROM audit WHERE actor_label = 'dashboard'");
    expect(audit).toEqual([{ action: "remove_notification" }]);
  });
});

it("alerts are listed with what to do, open and closed", async () => {
  expect(await one.html("/dashboard/alerts")).toContain("Nothing needs you");
  const broken = testEnv(withFaults(failStore("object")).bindings);
  await report(bounced("john@example.com", "hard", at()), broken);
  pass(6 * MINUTE_MS);
  await runCron(broken);
  expect(await one.html("/dashboard/alerts")).toContain("Events wait to be applied: 1");
  for (let i = 0; i < 5; i++) {
    pass(5 * MINUTE_MS);
    await runCron();
  }
  const page = await one.html("/dashboard/alerts");
  expect(page).toContain("Nothing needs you");
  expect(page).toContain("Closed lately");
});
