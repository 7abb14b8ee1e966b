import { z } from "@hono/zod-openapi";

const MAX_NOTE_LENGTH = 2_000;

/** What an operator writes beside what he does. */
export const noteSchema = z.string().trim().min(1).max(MAX_NOTE_LENGTH);
