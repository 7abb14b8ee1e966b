/** Where the POP3 servers of the tests listen on this machine, as Vitest hands it into the runtime. */
import "vitest";

/** `stranger` and `strangerPlain` show a certificate that nobody trusts. */
export interface Pop3Ports {
  readonly plain: number;
  readonly tls: number;
  readonly stranger: number;
  readonly strangerPlain: number;
  /** Takes connections and never says a word. */
  readonly silent: number;
}

declare module "vitest" {
  interface ProvidedContext {
    pop3Ports: Pop3Ports;
  }
}
