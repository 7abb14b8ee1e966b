import { z } from "@hono/zod-openapi";

const MAX_NOTE_LENGTH = 2_000;

/** What an operator writes beside what he does, without what no store accepts: NUL, unpaired surrogates. */
export const noteSchema = z
  .string()
  .overwrite((text) => text.replaceAll("\u0000", "").toWellFormed())
  .trim()
  .min(1)
  .max(MAX_NOTE_LENGTH);
