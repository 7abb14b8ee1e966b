/**
 * In place of zod's own way from a schema to JSON Schema (`[alias]` in wrangler.toml): the description of the API is made
 * by another generator. Whoever asks for it all the same is told so.
 */
function leftOut() {
  throw new Error("zod's JSON Schema is not in the bundle");
}

export const createStandardJSONSchemaMethod = () => leftOut;
export const createToJSONSchemaMethod = () => leftOut;
export {
  leftOut as extractDefs,
  leftOut as finalize,
  leftOut as handleUnrepresentable,
  leftOut as initializeContext,
  leftOut as process,
  leftOut as processSchema,
};
