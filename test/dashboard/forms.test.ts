/** Requests that change something: only from our own pages, and only with the token of their form. */
import { beforeEach, describe, expect, it } from "vitest";
import { SIGN_IN_PATH } from "../../src/dashboard/guard";
import { dashboard } from "../../src/dashboard/routes";
import { Visitor, visitor } from "../support/dashboard";
import { setStage } from "../support/stage";
import { api, bindings, freshStores, ORIGIN } from "../support/worker";

const JOHN = "john%40example.com";

/** Every path that takes a form, with something in the place of its parameters. */
const FORM_PATHS = [
  ...new Set(
    dashboard()
      .routes.filter(({ method, path }) => method === "POST" && path !== SIGN_IN_PATH)
      .map(({ path }) =>
        path
          .replace(":recipient", JOHN)
          .replace(":provider", "postmark")
          .replace(":connection", "default")
          .replace(/:\w+/, "1"),
      ),
  ),
];

/** What changing something would leave behind. */
async function traces(): Promise<unknown> {
  const tables = ["events", "receipts", "recipients", "batches", "audit", "quarantine"];
  const counts = await Promise.all(
    tables.map((table) => bindings.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<number>("n")),
  );
  return Object.fromEntries(tables.map((table, i) => [table, counts[i]]));
}

setStage();
beforeEach(freshStores);

it("there are as many as we know of", () => {
  expect(FORM_PATHS.length).toBeGreaterThan(15);
  expect(FORM_PATHS).toContain(`/dashboard/recipients/${JOHN}/erase`);
});

describe.each(FORM_PATHS)("a form of %s", (path) => {
  const fields = {
    recipient: "john@example.com",
    sure: "yes",
    keep: "yes",
    note: "why",
    action: "erase",
    to: "/dashboard",
  };

  it("changes nothing without its token, with another, or from another site", async () => {
    await api("/v1/suppressions/john%40example.com", { method: "PUT" });
    const one = await visitor();
    const token = /name="form-token" value="(\w+)"/.exec(await one.html("/dashboard/try"))?.[1] ?? "";
    const other = /name="form-token" value="(\w+)"/.exec(await (await visitor()).html("/dashboard/try"))?.[1] ?? "";
    const before = await traces();
    const own = { origin: ORIGIN, "sec-fetch-site": "same-origin" };
    for (const [given, headers] of [
      [null, own],
      ["", own],
      [`${token}0`, own],
      [other, own],
      [token, { origin: "https://evil.example.net" }],
      [token, { "sec-fetch-site": "cross-site" }],
      [token, { "sec-fetch-site": "same-site" }],
      [token, { "sec-fetch-site": "none" }],
      [token, { origin: "null" }],
    ] as const) {
      const response = await one.postRaw(path, given === null ? fields : { ...fields, "form-token": given }, headers);
      expect(response.status, `${given} ${JSON.stringify(headers)}`).toBe(403);
    }
    const stranger = await new Visitor().postRaw(path, { ...fields, "form-token": token });
    expect(stranger.headers.get("location")).toBe(SIGN_IN_PATH);
    expect(await traces()).toEqual(before);
  });
});

describe("a form", () => {
  it("with its token twice is none of ours", async () => {
    const one = await visitor();
    const token = /name="form-token" value="(\w+)"/.exec(await one.html("/dashboard/try"))?.[1] ?? "";
    const response = await one.postRaw("/dashboard/quarantine/replay", { "form-token": [token, "x"] });
    expect(response.status).toBe(403);
  });

  it("that is cut off, or no form, is refused", async () => {
    const one = await visitor();
    for (const [type, body] of [
      ["multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name="],
      ["multipart/form-data", "no boundary"],
      ["application/json", '{"form-token":"x"}'],
      ["text/plain", "form-token=x"],
    ] as const) {
      const headers = { "content-type": type, cookie: one.cookie ?? "", origin: ORIGIN };
      const response = await api("/dashboard/quarantine/replay", { method: "POST", headers, body });
      expect([400, 403]).toContain(response.status);
    }
  });

  it("larger than a list or a mail is refused", async () => {
    const one = await visitor();
    const response = await one.post("/dashboard/try", { mail: "x".repeat(12_500_000) });
    expect(response.status).toBe(413);
  });

  it("has no other way than POST", async () => {
    const one = await visitor();
    for (const path of FORM_PATHS) {
      const response = await one.get(path);
      expect([200, 303, 404], path).toContain(response.status);
    }
    expect(await traces()).toMatchObject({ events: 0, audit: 0 });
  });
});
