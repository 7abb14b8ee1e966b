/**
 * zod less its fifty translations, bundled in its place (`[alias]` in wrangler.toml): whoever takes `z` as a value, as
 * the OpenAPI generator does, would otherwise pull all of them into the bundle. The same list as in
 * `zod/v4/classic/external.js` but for `locales`.
 */
import * as z from "./zod-exports.mjs";

export * from "./zod-exports.mjs";
export { z, z as default };
