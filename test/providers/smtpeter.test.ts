import { ok } from "../../src/domain/result";
import { smtpeter } from "../../src/providers/smtpeter";
import { describeAdapter } from "./contract";
import { Copernica, KEY_NAME } from "./copernica";
import { header, type Sender } from "./senders";

const [copernica, stranger] = [await Copernica.create(), await Copernica.create()];
const account = (environment: string): Sender => ({
  credential: environment,
  sign: (payload, at) => copernica.call(environment, payload, at),
});

describeAdapter({
  adapter: smtpeter,
  textType: "application/x-www-form-urlencoded",
  senders: [account("environment-1234"), account("environment-99")],
  proofs: ["signature", "date", "digest", "x-copernica-id", "x-nonce", "content-type"].map(header),
  tamper: "any_byte",
  forgeries: {
    "a signature with another key": (payload, at) => stranger.call("environment-1234", payload, at),
    "an id that was changed after signing": async (payload, at) =>
      header("x-copernica-id").replace(await copernica.call("environment-99", payload, at), "environment-1234"),
  },
  window: { pastMs: 60_000, futureMs: 60_000 },
  lookups: { getTxt: async (name) => ok(name === KEY_NAME ? [copernica.record] : []) },
});
