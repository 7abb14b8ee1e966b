import { OpenAPIHono } from "@hono/zod-openapi";
import { invalidRequest } from "./expectations";
import type { AppEnv } from "./services";

/** A router whose schemas answer bad input with a problem that names each bad field. */
export function createRouter(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.error.issues);
    },
  });
}
