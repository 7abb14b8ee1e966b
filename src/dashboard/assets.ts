/** Style and script, served by the worker under names made of their content, so that browsers may keep them for good. */
import { Hono } from "hono";
import { sha256Hex } from "../crypto/digest";
import style from "./assets/dashboard.asset.css";
import script from "./assets/dashboard.asset.js";
import type { DashboardEnv } from "./env";

const ASSETS_PATH = "/dashboard/assets";
const DIGEST_DIGITS = 12;
const ONE_YEAR_SECONDS = 31_536_000;

interface Asset {
  readonly text: string;
  readonly type: string;
}

const ASSETS: Readonly<Record<string, Asset>> = {
  "dashboard.css": { text: style, type: "text/css; charset=utf-8" },
  "dashboard.js": { text: script, type: "text/javascript; charset=utf-8" },
};
export type AssetName = "dashboard.css" | "dashboard.js";

const digests = new Map<string, Promise<string>>();

function digestOf(name: string): Promise<string> {
  let digest = digests.get(name);
  if (!digest) {
    digest = sha256Hex(ASSETS[name]?.text ?? "").then((hex) => hex.slice(0, DIGEST_DIGITS));
    digests.set(name, digest);
  }
  return digest;
}

/** `/dashboard/assets/<digest>/dashboard.css` */
export async function assetUrl(name: AssetName): Promise<string> {
  return `${ASSETS_PATH}/${await digestOf(name)}/${name}`;
}

export const assetRoutes = new Hono<DashboardEnv>();

assetRoutes.get(`${ASSETS_PATH}/:digest/:name`, async (c) => {
  const name = c.req.param("name");
  const asset = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
  // An old name never gets the new content: browsers would keep it under that name.
  if (!asset || c.req.param("digest") !== (await digestOf(name))) return c.notFound();
  return c.body(asset.text, 200, {
    "content-type": asset.type,
    "cache-control": `public, max-age=${ONE_YEAR_SECONDS}, immutable`,
  });
});
