/** The names of `z` that src/ and the OpenAPI generator know. Another one is added here; test/bundle.test.ts says so. */

export * as coerce from "../node_modules/zod/v4/classic/coerce.js";
export * as iso from "../node_modules/zod/v4/classic/iso.js";
export {
  array,
  boolean,
  enum,
  literal,
  null,
  number,
  object,
  partialRecord,
  record,
  strictObject,
  string,
  union,
  unknown,
  url,
  ZodType,
} from "../node_modules/zod/v4/classic/schemas.js";
