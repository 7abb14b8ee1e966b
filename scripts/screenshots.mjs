/**
 * `npm run screenshots`: pictures of the dashboard for the manual, docs/images/, out of the worker that `npm start` runs
 * and `npm run demo` has filled. Needs a Chromium on this machine.
 *
 * Environment:
 *   PORT                    where the worker listens (8787)
 *   BOUNCEKEEPER_DEV_VARS   file with the secrets (.dev.vars)
 *   CHROMIUM                the browser (/usr/bin/chromium)
 */
import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";
import { devVarsFile, firstCredential, readDevVars } from "./dev-vars.mjs";
import { health, portFromEnv, urlOf } from "./local-worker.mjs";
import { Problem, ROOT, run } from "./project.mjs";

const IMAGES = path.join(ROOT, "docs/images");
const MAX_BYTES = 200_000;
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 780 };
/** A plain one where there is one: what Debian has for `system-ui` is wide. */
const FONT = 'body, button, input, select, textarea { font-family: Inter, "Liberation Sans", system-ui, sans-serif }';
const CHARTS_MS = 400;

const PICTURES = [
  { name: "overview", url: "/dashboard?days=30", viewport: { ...WIDE, height: 1000 } },
  { name: "overview-dark", url: "/dashboard?days=30", viewport: { ...WIDE, height: 1000 }, colorScheme: "dark" },
  { name: "recipient", url: "/dashboard/recipients/fills.up%40example.net", viewport: { ...WIDE, height: 700 } },
  { name: "suppressions", url: "/dashboard/suppressions?reason=hard", viewport: WIDE },
  { name: "connection", url: "/dashboard/connections/postmark/default", viewport: { ...WIDE, height: 620 } },
  { name: "phone", url: "/dashboard/recipients/has.left%40example.com", viewport: PHONE },
];

await run(async () => {
  const port = portFromEnv();
  if ((await health(port))?.status !== 200) throw new Problem('No worker answers. Run "npm start" and "npm run demo".');
  const token = firstCredential(readDevVars(devVarsFile()).ADMIN_TOKENS);
  if (token === undefined) throw new Problem("There is no ADMIN_TOKENS to sign in with.");
  mkdirSync(IMAGES, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  try {
    for (const picture of PICTURES) await take(browser, urlOf(port), token, picture);
  } finally {
    await browser.close();
  }
});

async function take(browser, baseURL, token, { name, url, viewport, colorScheme = "light" }) {
  // Only here: for the font.
  const context = await browser.newContext({ baseURL, viewport, colorScheme, bypassCSP: true });
  const page = await context.newPage();
  await page.goto(`/dashboard/sign-in?to=${encodeURIComponent(url)}`);
  await page.fill("input[name=token]", token);
  await page.keyboard.press("Enter");
  await page.waitForURL(url);
  await page.addStyleTag({ content: FONT });
  await page.waitForTimeout(CHARTS_MS);
  const file = path.join(IMAGES, `${name}.png`);
  await page.screenshot({ path: file });
  await context.close();
  const { size } = statSync(file);
  console.log(`${path.relative(ROOT, file)}: ${Math.round(size / 1_000)} KB`);
  if (size > MAX_BYTES) throw new Problem(`${file} is larger than ${MAX_BYTES / 1_000} KB.`);
}
