import type { AppEnv } from "../http/services";
import type { Session } from "./session";

/** For Hono: our services, and who is asking. */
export interface DashboardEnv {
  Bindings: AppEnv["Bindings"];
  Variables: {
    session: Session;
    /** What each form of a page carries; see `guard.ts`. */
    formToken: string;
  };
}
