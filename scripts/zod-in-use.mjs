/**
 * What the worker uses of zod, bundled in its place (`[alias]` in wrangler.toml): whoever takes `z` as a value, as the OpenAPI
 * generator does, would otherwise pull all of it into the bundle, fifty translations included.
 */
import * as z from "./zod-in-use-exports.mjs";

export * from "./zod-in-use-exports.mjs";
export { z, z as default };
