import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Burst, burst } from "../support/bursts";
import { doneOf, type Visitor, visitor } from "../support/dashboard";
import { guardedEnv } from "../support/incidents";
import { MINUTE_MS, pass, setStage } from "../support/stage";
import { reasonsOf } from "../support/stores";
import { freshStores, runCron } from "../support/worker";

const PATH = "/dashboard/incidents";
const env = guardedEnv();

setStage();

let one: Visitor;
beforeEach(async () => {
  await freshStores();
  for (const level of ["log", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
  one = await visitor(env);
});

const pageOf = ({ id }: Burst) => `${PATH}/${id}`;

it("says that there are none, where there are none", async () => {
  expect(await one.html(PATH)).toContain("None so far");
  expect((await one.get(`${PATH}/x`)).status).toBe(404);
});

describe("an incident", () => {
  it("is where people look: on the overview, among the alerts, in the list, at the recipient", async () => {
    const found = await burst(env);
    pass(6 * MINUTE_MS);
    await runCron(env);
    for (const page of ["/dashboard", "/dashboard/alerts", PATH]) expect(await one.html(page)).toContain(pageOf(found));
    const recipient = await one.html(`/dashboard/recipients/${encodeURIComponent(found.then[0] ?? "")}`);
    expect(recipient).toContain(pageOf(found));
    expect(recipient).toContain("Nothing stands against mailing it.");
  });

  it("says what was said, where, and whom it is about", async () => {
    const found = await burst(env);
    const html = await one.html(pageOf(found));
    for (const words of ["waits for you", "api/default", found.receiver, "block list", "Before it was noticed"]) {
      expect(html).toContain(words);
    }
    for (const recipient of [...found.first, ...found.then]) expect(html).toContain(recipient);
  });

  it("is confirmed by one button", async () => {
    const found = await burst(env);
    const answer = await one.post(`${pageOf(found)}/confirm`, {}, pageOf(found));
    expect(doneOf(answer)).toBe("incident-confirmed");
    expect(await reasonsOf(found.then[0] ?? "")).toEqual(["hard"]);
    expect(doneOf(await one.post(`${pageOf(found)}/drop`, {}))).toBe("incident-decided");
    expect(await one.html("/dashboard/audit")).toContain("an incident");
  });

  it("is dropped by one button, with what it suppressed before, or without", async () => {
    const found = await burst(env);
    expect(doneOf(await one.post(`${pageOf(found)}/drop`, {}, pageOf(found)))).toBe("incident-dropped");
    expect(await reasonsOf(found.first[0] ?? "")).toEqual(["hard"]);
    expect(doneOf(await one.post(`${pageOf(found)}/release`, {}, pageOf(found)))).toBe("incident-dropped");
    expect(await reasonsOf(found.first[0] ?? "")).toEqual([]);
    expect(await one.html(pageOf(found))).toContain("bounces of before withdrawn");
    expect((await one.post(`${pageOf(found)}/forget`, {})).status).toBe(404);
  });
});
