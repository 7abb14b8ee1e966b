/**
 * Every page of the dashboard in Debian's Chromium: both colour schemes, a phone and a wide screen, without script; and
 * whether everybody can use it, by axe-core.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, whyNoChromium } from "./chromium.ts";
import { layoutProblems } from "./layout.ts";
import { dashboard, everyPage, PHONE, Visit, WIDE } from "./visit.ts";

const obstacle = whyNoChromium();
if (obstacle) console.warn(`\nNOT TESTED: the dashboard in a browser. ${obstacle}.\n`);

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const MAX_ASSET_BYTES_GZIP = 10_000;

test("continuous integration has a browser", () => {
  if (process.env.CI) expect(obstacle).toBeNull();
});

describe.runIf(obstacle === null)("in the browser", () => {
  let browser: Browser;
  let visit: Visit;
  let pages: ReadonlyMap<string, string>;

  beforeAll(async () => {
    browser = await launch();
    visit = await Visit.begin(browser);
    pages = await everyPage();
  });
  afterAll(async () => browser?.close());

  /** Goes through all pages; what is found is listed together, so that one look shows everything. */
  async function throughAll(look: (name: string) => Promise<readonly string[]>): Promise<string[]> {
    const found: string[] = [];
    for (const [name, path] of pages) {
      await visit.go(path);
      found.push(...(await look(name)).map((problem) => `${name}: ${problem}`));
    }
    return found;
  }

  test("every page fits a phone and a wide screen, and everybody can use it, in light and dark", async () => {
    const { page } = visit;
    const problems = await throughAll(async (name) => {
      const found: string[] = [];
      expect(await page.title(), name).toMatch(/ · Bouncekeeper$/);
      const look = async (viewport: typeof WIDE, colorScheme: "light" | "dark", rules: readonly string[] | null) => {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        // What follows the width follows with the next frame.
        await page.evaluate(
          () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
        );
        const problems = [...(await page.evaluate(layoutProblems)), ...(await axeProblems(visit, rules))];
        found.push(...problems.map((one) => `${viewport.width}, ${colorScheme}: ${one}`));
      };
      await look(PHONE, "light", ["scrollable-region-focusable"]);
      await page.evaluate(() => {
        for (const details of document.querySelectorAll("details")) details.open = true;
      });
      await look(PHONE, "dark", ["scrollable-region-focusable"]);
      await look(WIDE, "dark", ["color-contrast"]);
      await look(WIDE, "light", null);
      return [...new Set(found)];
    });
    expect(problems).toEqual([]);
    expect(visit.complaints).toEqual([]);
    expect(visit.strangers).toEqual([]);
  });

  test("without script every page says the same", async () => {
    const reader = await Visit.begin(browser, { javaScriptEnabled: false });
    /** Times are what script changes, and what is said under the pointer what it adds. */
    const told = async (page: Visit["page"]) =>
      (await page.locator("main").evaluate((main) => {
        const copy = main.cloneNode(true) as HTMLElement;
        for (const added of copy.querySelectorAll("time, [data-hour], .tip, #live")) added.remove();
        return copy.textContent;
      })) ?? "";
    const problems: string[] = [];
    for (const [name, path] of pages) {
      await visit.go(path);
      await reader.go(path);
      const [withScript, without] = [await told(visit.page), await told(reader.page)];
      if (withScript !== without) problems.push(`${name}: says something else`);
      if (await reader.page.locator("time").count()) {
        const time = await reader.page.locator("time").first().textContent();
        if (!/^\d{4}-\d\d-\d\d(?: \d\d:\d\d UTC)?$/.test(time ?? "")) problems.push(`${name}: the time is ${time}`);
      }
    }
    await reader.end();
    expect(problems).toEqual([]);
  });

  test("hostile texts stay texts", async () => {
    for (const name of ["hostile recipient", "hostile events", "item of quarantine", "audit", "batch", "domain"]) {
      await visit.go(pages.get(name) ?? "");
      expect(await visit.page.title(), name).not.toBe("owned");
      const foreign = await visit.page.evaluate(() => ({
        images: document.images.length,
        scripts: [...document.scripts].filter((script) => !script.src.startsWith(location.origin)).length,
        handlers: document.querySelectorAll("[onerror], [onload], [onclick]").length,
      }));
      expect(foreign, name).toEqual({ images: 0, scripts: 0, handlers: 0 });
    }
    expect(visit.complaints).toEqual([]);
  });

  test("script and style together are small", async () => {
    await visit.go("/dashboard");
    const paths = await visit.page.evaluate(() => [
      ...[...document.scripts].map(({ src }) => src),
      ...[...document.querySelectorAll("link[rel=stylesheet]")].map((link) => (link as HTMLLinkElement).href),
    ]);
    expect(paths).toHaveLength(2);
    const bodies = await Promise.all(paths.map(async (path) => (await fetch(path)).arrayBuffer()));
    const size = bodies.reduce((sum, body) => sum + gzipSync(new Uint8Array(body)).byteLength, 0);
    console.info(`Script and style: ${size} bytes, compressed.`);
    expect(size).toBeLessThan(MAX_ASSET_BYTES_GZIP);
  });

  test("the sign-in fits and is usable too", async () => {
    const context = await browser.newContext({ baseURL: dashboard().url, viewport: PHONE });
    const page = await context.newPage();
    await page.goto("/dashboard/events?kind=bounced");
    expect(new URL(page.url()).pathname).toBe("/dashboard/sign-in");
    expect(await page.evaluate(layoutProblems)).toEqual([]);
    expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("token");
    await page.fill("input[name=token]", "wrong");
    await page.keyboard.press("Enter");
    expect(await page.getByRole("alert").textContent()).toContain("not one of ADMIN_TOKENS");
    await page.fill("input[name=token]", dashboard().token);
    await page.keyboard.press("Enter");
    await page.waitForURL("/dashboard/events?kind=bounced");
    await context.close();
  });
});

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
}
type Axe = { run(options: object): Promise<{ readonly violations: readonly Violation[] }> };

/**
 * What axe-core says of a page. It comes in by `evaluate`, which the page's policy does not concern.
 *
 * @param rules `null`: all
 */
async function axeProblems({ page }: Visit, rules: readonly string[] | null): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const violations = await page.evaluate(async (runOnly) => {
    const { axe } = window as unknown as { axe: Axe };
    return (await axe.run({ resultTypes: ["violations"], ...(runOnly ? { runOnly } : {}) })).violations;
  }, rules);
  return violations
    .filter(({ impact }) => impact !== "minor")
    .flatMap(({ id, nodes }) =>
      nodes
        .slice(0, 3)
        .map(({ target, failureSummary }) => `${id} at ${target.join(" ")}: ${failureSummary?.split("\n")[1] ?? ""}`),
    );
}
