/** The dashboard in use: by keyboard, without script, live, with charts and files. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launch, whyNoChromium } from "./chromium.ts";
import { api, PHONE, Visit, ZONE } from "./visit.ts";

const JOHN = "/dashboard/recipients/john.doe%40example.org";

describe.runIf(whyNoChromium() === null)("in the browser", () => {
  let browser: Browser;
  let visit: Visit;

  beforeAll(async () => {
    browser = await launch();
    visit = await Visit.begin(browser);
  });
  afterEach(() => {
    expect(visit.complaints).toEqual([]);
    expect(visit.strangers).toEqual([]);
  });
  afterAll(async () => browser?.close());

  const pathNow = () => new URL(visit.page.url()).pathname;

  test("by keyboard one comes past the navigation, and everywhere sees where one is", async () => {
    const { page } = visit;
    await visit.go("/dashboard/suppressions");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("Skip to the page");
    expect(await page.locator(".skip").boundingBox()).toMatchObject({ x: expect.any(Number) });
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await visit.go("/dashboard/suppressions");
    const stops: string[] = [];
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      const stop = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        const { top, bottom } = element.getBoundingClientRect();
        return {
          name: element.getAttribute("aria-label") ?? element.getAttribute("name") ?? element.textContent?.trim() ?? "",
          isMarked: outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1,
          isInSight: bottom > 0 && top < innerHeight,
        };
      });
      expect(stop, stop.name).toMatchObject({ isMarked: true, isInSight: true });
      stops.push(stop.name);
    }
    // As the page reads: navigation, search, filter, list.
    const places = ["Overview", "Sign out", "q", "reason", "Show"].map((name) =>
      stops.findIndex((stop, i) => stop === name || (name === "q" && stop === "q" && i > 0)),
    );
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  test("a slash leads to the search, and Enter to the recipient", async () => {
    const { page } = visit;
    await visit.go("/dashboard/events");
    await page.keyboard.press("/");
    await page.keyboard.type("Fills.Up@example.net");
    await page.keyboard.press("Enter");
    await page.waitForURL("/dashboard/recipients/fills.up%40example.net");
    expect(await page.locator(".verdict").textContent()).toMatch(/Suppressed since .* after 5 soft bounces/);
  });

  test("a filter is sent with Enter, and stands in the URL, which shows the same to others", async () => {
    const { page } = visit;
    await visit.go("/dashboard/suppressions");
    await page.getByLabel("Reason").selectOption("complaint");
    await page.getByLabel("Domain", { exact: true }).fill("example.com");
    await page.keyboard.press("Enter");
    await page.waitForURL(/reason=complaint/);
    const url = page.url();
    const rows = await page.locator("tbody tr").allTextContents();
    expect(rows.length).toBeGreaterThan(0);
    await visit.go("/dashboard");
    await page.goto(url);
    expect(await page.locator("tbody tr").allTextContents()).toEqual(rows);
  });

  test("times are in the reader's zone, with UTC on hover", async () => {
    const { page } = visit;
    await visit.go("/dashboard/recipients/fills.up%40example.net");
    const time = page.locator("time").first();
    const iso = (await time.getAttribute("datetime")) ?? "";
    const local = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone: ZONE });
    expect(await time.textContent()).toBe(local.format(new Date(iso)));
    expect(await time.getAttribute("title")).toBe(`${iso.replace("T", " ").replace(/(?:\.000)?Z$/, "")} UTC`);
    expect(await page.locator("footer").textContent()).toMatch(/Asia\/(?:Kolkata|Calcutta)/);
  });

  test("charts are drawn, and tell their numbers to the pointer and in a table", async () => {
    const { page } = visit;
    await visit.go("/dashboard?days=7");
    expect(await page.locator(".chart").count()).toBe(5);
    // Something is drawn on each.
    const drawn = await page.evaluate(() =>
      [...document.querySelectorAll(".chart")].map((chart) =>
        [...chart.querySelectorAll("path")].some((path) => path.getBoundingClientRect().height > 20),
      ),
    );
    expect(drawn).toEqual(drawn.map(() => true));
    const box = (await page.locator(".plot").first().boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    await page.mouse.move(box.x + box.width * 0.98, box.y + box.height / 2);
    const tip = page.locator(".chart .tip").first();
    await tip.waitFor({ state: "visible" });
    const row = page.locator("#bounces-table tbody tr").last();
    const numbers = (await row.locator("td").allTextContents()).map((text) => text.trim());
    expect(await tip.locator("b").allTextContents()).toEqual(numbers);
    const cursor = (await page.locator(".chart .cursor").first().boundingBox()) ?? { x: 0, width: 0 };
    expect(cursor.x + cursor.width).toBeCloseTo(box.x + box.width, 0);
    await page.mouse.move(box.x, box.y - 60);
    await tip.waitFor({ state: "hidden" });
    await page.locator("details.more summary").first().click();
    expect(await page.locator("#bounces-table").isVisible()).toBe(true);
  });

  test("charts follow the window and the colour scheme, and their labels never lie on each other", async () => {
    const { page } = visit;
    const problems: string[] = [];
    const sizes = new Map<number, number>();
    for (const width of [320, PHONE.width, 700, 1024, 1440, 1900]) {
      await page.setViewportSize({ width, height: 900 });
      for (const days of [1, 7, 30, 90]) {
        await visit.go(`/dashboard?days=${days}`);
        problems.push(...(await page.evaluate(labelProblems)).map((one) => `${width}, ${days} days: ${one}`));
      }
      sizes.set(width, (await page.locator(".plot").first().boundingBox())?.width ?? 0);
    }
    expect(problems).toEqual([]);
    expect([...sizes.values()]).toEqual([...sizes.values()].sort((a, b) => a - b));
    await page.setViewportSize({ width: 1440, height: 900 });
    const colour = () => page.evaluate(() => getComputedStyle(document.querySelector(".bars.hard") as Element).fill);
    const light = await colour();
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await colour()).not.toBe(light);
    await page.emulateMedia({ colorScheme: "light" });
  });

  test("a chart's hours are the reader's", async () => {
    const { page } = visit;
    await visit.go("/dashboard?days=1");
    const label = page.locator(".chart [data-hour]").first();
    const at = new Date((await label.getAttribute("data-hour")) ?? "");
    const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: ZONE });
    expect(await label.textContent()).toBe(clock.format(at));
    expect(await label.textContent()).toMatch(/:30$/);
  });

  test("new events come by themselves, unless that is paused", async () => {
    const live = await Visit.begin(browser);
    const { page } = live;
    await page.clock.install();
    await live.go("/dashboard/events?campaign=live-test");
    expect(await page.locator("#events").textContent()).toContain("No event matches");
    const say = async (recipient: string) => {
      const event = { kind: "delivered", recipient, campaign: "live-test" };
      await api("/v1/events", { method: "POST", body: JSON.stringify(event) });
      await page.clock.runFor(5_000);
    };
    const shown = () => page.locator("#events td.address").allTextContents();
    await say("first@example.com");
    await expect.poll(shown).toEqual(["first@example.com"]);
    await say("second@example.com");
    await expect.poll(shown).toEqual(["second@example.com", "first@example.com"]);
    await page.getByRole("button", { name: "Pause" }).click();
    expect(await page.locator("#live").textContent()).toContain("Paused");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await say("third@example.com");
    await page.clock.runFor(60_000);
    expect(asked).toEqual([]);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.clock.runFor(5_000);
    await expect.poll(shown).toEqual(["third@example.com", "second@example.com", "first@example.com"]);
    expect(live.complaints).toEqual([]);
    await live.end();
  });

  test("all of a page are ticked at once, and what was ticked is asked about", async () => {
    const { page } = visit;
    await visit.go("/dashboard/suppressions?domain=example.net&reason=hard");
    const rows = await page.locator("tbody tr").count();
    await page.getByLabel("Tick all of this page").check();
    expect(await page.locator("input[name=recipient]:checked").count()).toBe(rows);
    await page.locator("input[name=recipient]").first().uncheck();
    await page.getByRole("button", { name: "Release what is ticked" }).click();
    expect(await page.locator("h1").textContent()).toMatch(new RegExp(`^Release ${rows - 1} recipients?\\?$`));
    expect(await page.locator("ul.chosen li").count()).toBe(rows - 1);
    await page.getByRole("link", { name: "Leave it" }).click();
    expect(page.url()).toContain("domain=example.net");
  });

  test("a mail that is dropped on the field is recognized, byte for byte", async () => {
    const { page } = visit;
    await visit.go("/dashboard/try");
    const mail = [
      "From: MAILER-DAEMON@mx.example.net",
      "Subject: Undelivered Mail Returned to Sender",
      "Content-Type: text/plain; charset=iso-8859-1",
      "",
      "<dropped@example.com>: host mx.example.net said: 550 5.1.1 Empf\xe4nger unbekannt (in reply to RCPT TO)",
      "",
    ].join("\r\n");
    const bytes = [...mail].map((char) => char.charCodeAt(0));
    const transfer = await page.evaluateHandle((content) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(content)], "bounce.eml", { type: "message/rfc822" }));
      return data;
    }, bytes);
    await page.locator("textarea[data-drop]").dispatchEvent("drop", { dataTransfer: transfer });
    await page.getByRole("button", { name: "Recognize it" }).click();
    const told = page.locator("section[role=status]");
    expect(await told.textContent()).toContain("dropped@example.com");
    expect(await told.textContent()).toContain("Empfänger unbekannt");
  });

  test("without script one signs in, searches, blocks with a note, and undoes it", async () => {
    const reader = await Visit.begin(browser, { javaScriptEnabled: false });
    const { page } = reader;
    await page.fill("#search", "john.doe@example.org");
    await page.keyboard.press("Enter");
    await page.waitForURL(JOHN);
    await page.locator("summary", { hasText: "Block…" }).click();
    await page.locator("details[open] input[name=note]").fill("asked by phone");
    await page.keyboard.press("Enter");
    await page.waitForURL(/done=blocked/);
    expect(await page.getByRole("status").textContent()).toContain("Blocked.");
    expect(await page.locator(".verdict").textContent()).toMatch(/an operator blocked it: “asked by phone”/);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.waitForURL(/done=reverted/);
    expect(await page.locator(".verdict").textContent()).toContain("Nothing stands against mailing it.");
    expect(reader.complaints).toEqual([]);
    await reader.end();
  });

  test("without script a list is imported in two steps and taken back", async () => {
    const reader = await Visit.begin(browser, { javaScriptEnabled: false });
    const { page } = reader;
    await reader.go("/dashboard/import");
    await page.setInputFiles("input[type=file]", {
      name: "list.csv",
      mimeType: "text/csv",
      buffer: Buffer.from("email,reason\nfrom.a.list@example.org,complaint\n"),
    });
    await page.getByRole("button", { name: "Show what it would do" }).click();
    await page.getByRole("button", { name: "Import 1 new entry" }).click();
    await page.waitForURL(/\/dashboard\/batches\/.*done=imported/);
    await page.locator("summary", { hasText: "Undo…" }).click();
    await page.getByRole("button", { name: "Undo it" }).click();
    await page.waitForURL(/done=revert/);
    await reader.end();
  });

  test("signing out ends it, also for the page before", async () => {
    const leaver = await Visit.begin(browser);
    await leaver.go("/dashboard/events");
    await leaver.page.getByRole("button", { name: "Sign out" }).click();
    await leaver.page.waitForURL("/dashboard/sign-in");
    await leaver.page.goBack();
    expect(new URL(leaver.page.url()).pathname).toBe("/dashboard/sign-in");
    await leaver.end();
    expect(pathNow()).not.toBe("/dashboard/sign-in");
  });
});

/** What is wrong with the labels of the page's charts, in sentences. Runs in the browser. */
function labelProblems(): string[] {
  return [...document.querySelectorAll(".chart")].flatMap((chart) => {
    const labels = [...chart.querySelectorAll("text")]
      .map((text) => ({ words: text.textContent, box: text.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0);
    const panel = chart.closest(".panel")?.getBoundingClientRect() ?? chart.getBoundingClientRect();
    const outside = labels.filter(({ box }) => box.left < panel.left || box.right > panel.right);
    const onEachOther = labels.flatMap((a, i) =>
      labels
        .slice(i + 1)
        .filter(
          (b) =>
            Math.min(a.box.right, b.box.right) > Math.max(a.box.left, b.box.left) &&
            // A box is higher than the digits in it.
            Math.min(a.box.bottom, b.box.bottom) > Math.max(a.box.top, b.box.top) + 5,
        )
        .map((b) => `"${a.words}" lies on "${b.words}"`),
    );
    const few = labels.length < 4 ? [`only ${labels.length} labels`] : [];
    return [...few, ...outside.map(({ words }) => `"${words}" sticks out`), ...onEachOther];
  });
}
