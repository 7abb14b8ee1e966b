import { z } from "@hono/zod-openapi";
import { cleanText } from "../domain/text";

const MAX_NOTE_LENGTH = 2_000;

/** What an operator writes beside what he does, without what no store accepts: NUL, unpaired surrogates. */
export const noteSchema = z
  .string()
  .overwrite((text) => cleanText(text, Number.POSITIVE_INFINITY) ?? "")
  .min(1)
  .max(MAX_NOTE_LENGTH);
