/** The names of `z` that src/ and the OpenAPI generator know. Another one is added here; test/bundle.test.ts says so. */

import { number as coercedNumber } from "../node_modules/zod/v4/classic/coerce.js";
import { datetime } from "../node_modules/zod/v4/classic/iso.js";

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

export const coerce = { number: coercedNumber };
export const iso = { datetime };
