import { OpenAPIHono } from "@hono/zod-openapi";
import { Problem } from "./problem";
import type { AppEnv } from "./services";

/** A router whose schemas answer bad input with a problem that names each bad field. */
export function createRouter(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const errors = result.error.issues.map((issue) => ({ field: issue.path.join("."), message: issue.message }));
      const detail = errors.map((e) => (e.field ? `${e.field}: ${e.message}` : e.message)).join("; ");
      throw new Problem("invalid_request", { detail, extra: { errors } });
    },
  });
}
