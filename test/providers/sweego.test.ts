import { base64Of } from "../../src/crypto/encoding";
import { sweego } from "../../src/providers/sweego";
import { describeAdapter } from "./contract";
import { standardContract } from "./standard-sender";

describeAdapter({
  adapter: sweego,
  ...standardContract({ path: "/webhooks/sweego", prefix: "webhook", version: "", credentialOf: base64Of }),
});
