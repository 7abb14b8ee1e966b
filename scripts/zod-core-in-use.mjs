/**
 * zod's core as its schemas see it, bundled in its place (`[alias]` in wrangler.toml): the same, but for `util`, which bundlers
 * take as a whole where it is imported by that name.
 */
export * from "../node_modules/zod/v4/core/index.js";
export * as util from "./zod-util-in-use.mjs";
