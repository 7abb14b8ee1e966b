/** Signing in and out: the cookie, what ends it, and the pause after wrong tokens. */
import { beforeEach, describe, expect, it } from "vitest";
import { Visitor, visitor } from "../support/dashboard";
import { pass, setStage } from "../support/stage";
import { freshStores, ORIGIN, testEnv } from "../support/worker";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

setStage();
beforeEach(freshStores);

const isSignedIn = async (one: Visitor) => (await one.get("/dashboard")).status === 200;

describe("a sign-in with an admin token", () => {
  it("leads to the overview, and from then on every page is open", async () => {
    const one = new Visitor();
    const response = await one.signIn();
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe("/dashboard");
    expect(await isSignedIn(one)).toBe(true);
  });

  it("takes any of the tokens", async () => {
    const one = new Visitor();
    await one.signIn("admin-token-2");
    expect(await isSignedIn(one)).toBe(true);
  });

  it("gives a cookie that scripts, other hosts and plain connections do not get", async () => {
    const response = await new Visitor().signIn();
    const cookie = response.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^__Host-bouncekeeper=[\w.-]+;/);
    const attributes = cookie.split("; ").slice(1).sort();
    expect(attributes).toEqual(["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Lax", "Secure"]);
  });

  it("does not put the token into the cookie", async () => {
    const one = await visitor();
    const [payload = ""] = (one.cookie ?? "").split("=")[1]?.split(".") ?? [];
    expect(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))).not.toContain("admin-token");
  });

  it.each([
    ["no token", ""],
    ["a wrong token", "admin-tokem"],
    ["a token that may only check", "check-token"],
    ["all tokens at once", "admin-token,admin-token-2"],
    ["more than a token can be", "x".repeat(1_001)],
  ])("is refused for %s", async (_, token) => {
    const one = new Visitor();
    const response = await one.signIn(token);
    expect(response.headers.get("set-cookie")).toBeNull();
    expect(await response.text()).toContain('role="alert"');
    expect(await isSignedIn(one)).toBe(false);
  });

  it("is refused where no token is configured", async () => {
    const one = new Visitor(testEnv({ ADMIN_TOKENS: undefined }));
    expect((await one.signIn("")).headers.get("set-cookie")).toBeNull();
    expect((await one.signIn("undefined")).status).toBe(401);
  });

  it("does not take more than a form with a token", async () => {
    const response = await new Visitor().postRaw("/dashboard/sign-in", { token: "x".repeat(20_000) });
    expect(response.status).toBe(413);
  });

  it("is refused from another site", async () => {
    const one = new Visitor();
    for (const headers of [
      { origin: "https://evil.example.net" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site", origin: ORIGIN },
      { origin: "null" },
    ]) {
      const response = await one.postRaw("/dashboard/sign-in", { token: "admin-token" }, headers);
      expect([response.status, response.headers.get("set-cookie")]).toEqual([403, null]);
    }
  });
});

describe("whoever is not signed in", () => {
  it("is sent to the sign-in, and afterwards to where he wanted to go", async () => {
    const one = new Visitor();
    const response = await one.get("/dashboard/events?kind=bounced&class=hard");
    expect(response.status).toBe(303);
    const location = response.headers.get("location") ?? "";
    expect(location).toBe(`/dashboard/sign-in?to=${encodeURIComponent("/dashboard/events?kind=bounced&class=hard")}`);
    const page = await one.html(location);
    expect(page).toContain('name="to" value="/dashboard/events?kind=bounced&amp;class=hard"');
    const signedIn = await one.signIn("admin-token", "/dashboard/events?kind=bounced&class=hard");
    expect(signedIn.headers.get("location")).toBe("/dashboard/events?kind=bounced&class=hard");
  });

  it.each([
    "https://evil.example.net/",
    "//evil.example.net/dashboard",
    "/\\evil.example.net",
    "/dashboard\\..\\..\\evil",
    "/dashboard/\\..\\..\\evil.example.net",
    "/dashboard?\\",
    "/dashboard@evil.example.net",
    "/dashboard.evil.example.net/",
    "/dashboardevil",
    "javascript:alert(1)",
    "/v1/events",
    "/dashboard/\r\nset-cookie: a=b",
    "/dashboard/ü",
    "",
  ])("is not led to %j", async (to) => {
    const response = await new Visitor().signIn("admin-token", to);
    expect(response.headers.get("location")).toBe("/dashboard");
    const page = await new Visitor().html(`/dashboard/sign-in?to=${encodeURIComponent(to)}`);
    expect(page).toContain('name="to" value="/dashboard"');
  });

  it("changes nothing", async () => {
    const response = await new Visitor().postRaw("/dashboard/recipients/john%40example.com/block", {});
    expect([response.status, response.headers.get("location")]).toEqual([303, "/dashboard/sign-in"]);
  });

  it("gets the style and the script, named by their content and kept for good", async () => {
    const page = await new Visitor().html("/dashboard/sign-in");
    const paths = [...page.matchAll(/(?:href|src)="(\/dashboard\/assets\/[^"]+)"/g)].map(([, path]) => path ?? "");
    expect(paths).toHaveLength(2);
    for (const path of paths) {
      const asset = await new Visitor().get(path);
      expect(asset.status).toBe(200);
      expect(asset.headers.get("cache-control")).toContain("immutable");
      expect((await new Visitor().get(path.replace(/assets\/\w+/, "assets/000000000000"))).status).toBe(404);
    }
  });
});

describe("a session", () => {
  it("lasts twelve hours", async () => {
    const one = await visitor();
    pass(12 * HOUR_MS - 1_000);
    expect(await isSignedIn(one)).toBe(true);
    pass(1_000);
    expect(await isSignedIn(one)).toBe(false);
  });

  it("ends when its token is taken out of the configuration", async () => {
    const one = new Visitor();
    await one.signIn("admin-token-2");
    const later = new Visitor(testEnv({ ADMIN_TOKENS: "admin-token" }));
    later.cookie = one.cookie;
    expect(await isSignedIn(later)).toBe(false);
    const kept = new Visitor(testEnv({ ADMIN_TOKENS: "admin-token-2" }));
    kept.cookie = one.cookie;
    expect(await isSignedIn(kept)).toBe(true);
  });

  it.each<[string, (cookie: string) => string]>([
    ["another actor", (cookie) => tamperedWith(cookie, { actor: "somebody else" })],
    ["a later beginning", (cookie) => tamperedWith(cookie, { signedInAt: Date.now() + HOUR_MS })],
    ["no signature", (cookie) => cookie.split(".")[0] ?? ""],
    ["an empty signature", (cookie) => `${cookie.split(".")[0]}.`],
    ["another signature", (cookie) => `${cookie.slice(0, -2)}AA`],
    ["nothing at all", () => "__Host-bouncekeeper=."],
    ["garbage", () => "__Host-bouncekeeper=%%%.%%%"],
    ["the name that is for localhost", (cookie) => cookie.replace("__Host-", "")],
  ])("is not believed with %s", async (_, change) => {
    const one = await visitor();
    one.cookie = change(one.cookie ?? "");
    expect(await isSignedIn(one)).toBe(false);
  });

  it("skips the sign-in page", async () => {
    const one = await visitor();
    const response = await one.get("/dashboard/sign-in?to=%2Fdashboard%2Fevents");
    expect(response.headers.get("location")).toBe("/dashboard/events");
  });

  it("ends with the sign-out, which takes the cookie back", async () => {
    const one = await visitor();
    const response = await one.post("/dashboard/sign-out");
    expect(response.headers.get("location")).toBe("/dashboard/sign-in");
    expect(response.headers.get("set-cookie")).toMatch(/^__Host-bouncekeeper=; Max-Age=0; Path=\/; HttpOnly; Secure/);
    expect(one.cookie).toBeNull();
    expect(await isSignedIn(one)).toBe(false);
  });
});

describe("after five wrong tokens in a row", () => {
  const from = (address: string) => new Visitor(testEnv(), { "cf-connecting-ip": address });
  const failFiveTimes = async (one: Visitor) => {
    for (let i = 0; i < 5; i++) expect((await one.signIn("wrong")).status).toBe(401);
  };

  it("nothing is looked at for a quarter of an hour, not even the right one", async () => {
    const one = from("192.0.2.7");
    await failFiveTimes(one);
    const locked = await one.signIn("admin-token");
    expect(locked.status).toBe(429);
    expect(locked.headers.get("set-cookie")).toBeNull();
    expect(await locked.text()).toContain("Try again in 15 minutes");
    pass(15 * MINUTE_MS - 1_000);
    expect((await one.signIn("admin-token")).status).toBe(429);
    pass(2_000);
    expect((await one.signIn("admin-token")).status).toBe(303);
  });

  it("trying on does not make it longer", async () => {
    const one = from("192.0.2.7");
    await failFiveTimes(one);
    pass(14 * MINUTE_MS);
    expect((await one.signIn("wrong")).status).toBe(429);
    pass(2 * MINUTE_MS);
    expect((await one.signIn("admin-token")).status).toBe(303);
  });

  it("others may still sign in", async () => {
    await failFiveTimes(from("192.0.2.7"));
    expect((await from("192.0.2.8").signIn("admin-token")).status).toBe(303);
  });

  it("a whole network of IPv6 waits, and no other", async () => {
    await failFiveTimes(from("2001:db8:1:2:aaaa::1"));
    expect((await from("2001:db8:1:2:bbbb:0:0:9").signIn("admin-token")).status).toBe(429);
    expect((await from("2001:db8:1:3::1").signIn("admin-token")).status).toBe(303);
  });

  it("five at once count as five", async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => from("192.0.2.9").signIn("wrong")));
    const statuses = all.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(7);
  });

  it("a right one before forgets the wrong ones", async () => {
    const one = from("192.0.2.7");
    for (let i = 0; i < 4; i++) await one.signIn("wrong");
    await one.signIn("admin-token");
    one.cookie = null;
    await failFiveTimes(one);
  });
});

function tamperedWith(cookie: string, change: object): string {
  const [name = "", value = ""] = cookie.split("=");
  const [payload = "", signature = ""] = value.split(".");
  const session = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as object;
  const changed = btoa(JSON.stringify({ ...session, ...change }));
  return `${name}=${changed.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}.${signature}`;
}
