/** Every page: behind the sign-in, with headers that let nothing foreign in, and with foreign texts as texts. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dashboard } from "../../src/dashboard/routes";
import { burst } from "../support/bursts";
import { Visitor, visitor } from "../support/dashboard";
import { failStore, withFaults } from "../support/faults";
import { HOSTILE, HOSTILE_RECIPIENT, hostileEvents } from "../support/hostile";
import { guardedEnv } from "../support/incidents";
import { setStage } from "../support/stage";
import { api, freshStores, jsonOf, testEnv } from "../support/worker";

const JOHN = encodeURIComponent("john@example.com");

/** Somebody who is signed in where something is configured of everything that has a page. */
const signedIn = () => visitor(testEnv({ SYNC_POSTMARK: '{"apiKey":"made-up","pull":true,"push":["hard"]}' }));

/** Every page there is, with something in the place of its parameters. */
async function pagePaths(): Promise<string[]> {
  const [item] = (await jsonOf(await api("/v1/quarantine"))).items;
  const [batch] = (await jsonOf(await api("/v1/batches"))).items;
  const simulation = await jsonOf(
    await api("/v1/policy/simulate", { json: { policy: { effects: { soft: "suppress" } } } }),
  );
  const [incident] = (await jsonOf(await api("/v1/incidents"))).items;
  const [notification] = (await jsonOf(await api("/v1/notifications"))).items;
  return [
    ...new Set(
      dashboard()
        .routes.filter(({ method, path }) => method === "GET" && !/assets|export|sign-in|body$|\*/.test(path))
        .map(({ path }) =>
          path
            .replace(":recipient", encodeURIComponent(HOSTILE_RECIPIENT))
            .replace(":provider", "postmark")
            .replace(":connection", "default")
            .replace("/receipts/:id{[0-9]{1,16}}", "/receipts/1")
            .replace("/quarantine/:id", `/quarantine/${item.id}`)
            .replace("/batches/:id", `/batches/${batch.id}`)
            .replace("/incidents/:id", `/incidents/${incident.id}`)
            .replace("/policy/simulations/:id", `/policy/simulations/${simulation.id}`)
            .replace("/notifications/:id", `/notifications/${notification.id}`),
        ),
    ),
  ];
}

/** Something on every page, and nothing of it friendly. */
async function makeHostileData(): Promise<void> {
  expect((await api("/v1/events", { json: hostileEvents() })).status).toBe(200);
  await burst(guardedEnv(), 2, { diagnosticCode: `550 ${HOSTILE.script} ${HOSTILE.attribute}`, messageId: "burst" });
  const unreadable = JSON.stringify([{ type: HOSTILE.script, rcpt: HOSTILE.attribute, note: HOSTILE.rtl }]);
  await api("/webhooks/inboxroad", { body: unreadable, headers: { authorization: "Bearer inboxroad-secret" } });
  const note = `${HOSTILE.script}${HOSTILE.attribute}`;
  const headers = { authorization: "Bearer admin-token", "x-actor": note.slice(0, 90) };
  const bulk = { action: "block", recipients: ["jane@example.com"], note };
  expect((await api("/v1/suppressions/bulk", { json: bulk, headers })).status).toBe(200);
  const told = { url: "https://hooks.example.com/?<script>", note, excluded: [note] };
  expect((await api("/v1/notifications", { json: told })).status).toBe(201);
  expect((await api(`/v1/allowlist/${JOHN}`, { method: "PUT", json: { note }, headers })).status).toBe(200);
}

setStage();

describe("with hostile data on it, every page", () => {
  let paths: string[] = [];
  beforeAll(async () => {
    await freshStores();
    await makeHostileData();
    paths = await pagePaths();
  });

  it("is known to this test", () => {
    expect(paths.length).toBeGreaterThan(14);
    expect(paths).toContain("/dashboard");
  });

  it("is shown to nobody who is not signed in", async () => {
    for (const path of paths) {
      const response = await new Visitor().get(path);
      expect(response.status, path).toBe(303);
      expect(response.headers.get("location"), path).toBe(`/dashboard/sign-in?to=${encodeURIComponent(path)}`);
    }
  });

  it("is found with a slash behind it, too", async () => {
    for (const path of ["/dashboard", "/dashboard/suppressions"]) {
      const response = await (await signedIn()).get(`${path}/`);
      expect(response.status, path).toBe(301);
      expect(new URL(response.headers.get("location") ?? "", "https://bounce.example.com").pathname).toBe(path);
    }
  });

  it("is sent with a strict policy, kept by nobody, framed by nobody", async () => {
    const one = await signedIn();
    for (const path of [...paths, "/dashboard/sign-in", "/dashboard/no-such-page"]) {
      const response = await (path.endsWith("sign-in") ? new Visitor() : one).get(path);
      expect(Object.fromEntries(response.headers), path).toMatchObject({
        "content-security-policy":
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cache-control": "no-store",
      });
    }
  });

  it("holds foreign texts as texts, and nothing inline that runs or styles", async () => {
    const one = await signedIn();
    for (const path of paths) {
      const page = await one.html(path);
      for (const tag of page.match(/<(?:script|img|iframe|object|embed|link|style)\b[^>]*>/gi) ?? []) {
        expect(tag, path).toMatch(
          /^<(?:script src="\/dashboard\/assets\/\w+\/[\w.]+" defer="?"?|link rel="(?:stylesheet" href="\/dashboard\/assets\/[^"]+|icon" href="data:,)")[^>]*>$/,
        );
      }
      // A quoted value may say what it likes.
      const tags = page.match(/<[a-z][^>]*>/gi)?.map((tag) => tag.replace(/"[^"]*"/g, '""')) ?? [];
      expect(tags.filter((tag) => /\s(?:on\w+|style)\s*=/i.test(tag))).toEqual([]);
    }
  });

  it("leads to nothing that is not there", async () => {
    const one = await signedIn();
    const links = new Set<string>();
    for (const path of paths) {
      const page = await one.html(path);
      for (const [, link = ""] of page.matchAll(/href="(\/dashboard[^"#]*)/g)) links.add(link.replaceAll("&amp;", "&"));
    }
    expect(links.size).toBeGreaterThan(40);
    for (const link of links) expect((await one.get(link)).status, link).toBeLessThan(400);
  });

  it("loads nothing from another host", async () => {
    const one = await signedIn();
    for (const path of paths) {
      const page = await one.html(path);
      const loaded = [...page.matchAll(/(?:src|action)="([^"]*)"/g)].map(([, url]) => url ?? "");
      expect(loaded.filter((url) => !url.startsWith("/dashboard"))).toEqual([]);
    }
  });

  it("keeps texts apart that are written from right to left", async () => {
    const one = await signedIn();
    let places = 0;
    for (const path of paths) {
      // Between tags: a value of an attribute is nobody's neighbour.
      const told = (await one.html(path)).replace(/<(?!\/?bdi\b)[^>]*>/g, "").split("\u202egnp.exe");
      let before = "";
      for (const part of told.slice(0, -1)) {
        before += part;
        places++;
        expect(before.lastIndexOf("<bdi"), `${path}: …${before.slice(-80)}`).toBeGreaterThan(
          before.lastIndexOf("</bdi"),
        );
      }
    }
    expect(places).toBeGreaterThan(10);
  });

  it("folds away what is very long", async () => {
    const page = await (await visitor()).html("/dashboard/events");
    expect(page).toContain('<details class="long">');
  });
});

describe("a URL that asks for what cannot be", () => {
  beforeAll(freshStores);

  it.each([
    "/dashboard?days=-1",
    "/dashboard?days=abc&days=7",
    "/dashboard/events?kind=nonsense&class=nonsense&since=yesterday&until=9999-99-99&cursor=abc&after=-1",
    "/dashboard/events?recipient=not-an-address",
    "/dashboard/suppressions?reason=nonsense&order=nonsense&rows=1000000&domain=..&cursor=abc",
    "/dashboard/suppressions?cursor=WyJmb3VuZCIsMSwyLDNd",
    "/dashboard/quarantine?cursor=abc",
    "/dashboard/audit?cursor=abc&action=nonsense",
    "/dashboard/batches?cursor=abc",
    "/dashboard/allow-list?cursor=abc",
    `/dashboard/events?campaign=${"x".repeat(5_000)}`,
    "/dashboard/recipients?q=%00%ff",
  ])("is answered with a page all the same: %s", async (path) => {
    expect(await (await visitor()).html(path)).toContain("<main");
  });

  it.each(["/dashboard/receipts/1", "/dashboard/batches/abc", "/dashboard/nonsense", "/dashboard/receipts/abc"])(
    "is not found: %s",
    async (path) => {
      const response = await (await visitor()).get(path);
      expect(response.status).toBe(404);
      expect(await response.text()).toContain("There is no such page");
    },
  );

  it.each([
    ["/dashboard/quarantine/abc", "/dashboard/quarantine?done=not-found"],
    ["/dashboard/connections/nonsense/default", "/dashboard/connections"],
    ["/dashboard/recipients/nonsense", "/dashboard/recipients?q=nonsense"],
    ["/dashboard/recipients?q=John%40Example.com", "/dashboard/recipients/john%40example.com"],
    ["/dashboard/recipients?q=%40example.com", "/dashboard/recipients/%40example.com"],
    ["/dashboard/recipients/%40example.com/erase", "/dashboard/recipients"],
  ])("leads on: %s", async (path, location) => {
    const response = await (await visitor()).get(path);
    expect([response.status, response.headers.get("location")]).toEqual([303, location]);
  });
});

describe("where there is nothing yet", () => {
  beforeEach(freshStores);

  it.each([
    ["/dashboard", "Nothing has come in yet", "/dashboard/connections"],
    ["/dashboard/suppressions", "Nobody is suppressed", "/dashboard/import"],
    ["/dashboard/events", "No event matches", null],
    ["/dashboard/quarantine", "Nothing is in quarantine", null],
    ["/dashboard/recipients", "Enter an address", null],
    ["/dashboard/recipients/john%40example.com", "Nothing was ever heard of it", null],
    ["/dashboard/import", "Nothing was imported yet", "/dashboard/batches"],
    ["/dashboard/audit", "Nothing was done by hand", null],
    ["/dashboard/allow-list", "Nobody is on the allow-list", null],
  ])("%s says so, and what to do", async (path, words, link) => {
    const page = await (await visitor()).html(path);
    expect(page).toContain(words);
    if (link !== null) expect(page).toContain(`href="${link}"`);
  });
});

describe("while the database does not answer", () => {
  it("a page says so, and that nothing was changed", async () => {
    await freshStores();
    const one = await signedIn();
    const broken = new Visitor(testEnv(withFaults(failStore("db")).bindings));
    broken.cookie = one.cookie;
    const response = await broken.get("/dashboard");
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("30");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await response.text()).toContain("Nothing was changed");
  });

  it("nothing is said to be unchanged of what was asked for", async () => {
    await freshStores();
    const one = await signedIn();
    // The form is a page that it can show; then it is away.
    let isAway = false;
    const { bindings } = withFaults((step) => (isAway && step.store === "db" ? "after" : null));
    const unlucky = new Visitor(testEnv(bindings));
    unlucky.cookie = one.cookie;
    const path = `/dashboard/recipients/${JOHN}`;
    const token = /name="form-token" value="([0-9a-f]+)"/.exec(await unlucky.html(path))?.[1] ?? "";
    isAway = true;
    const response = await unlucky.postRaw(`${path}/allow`, { "form-token": token });
    expect(response.status).toBe(503);
    const page = await response.text();
    expect(page).not.toContain("Nothing was changed");
    expect(page).toContain("may have been done in part");
  });
});
