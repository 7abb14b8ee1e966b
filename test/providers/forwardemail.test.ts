import { forwardemail } from "../../src/providers/forwardemail";
import { describeAdapter } from "./contract";
import { header, signedBody } from "./senders";

const sender = (secret: string) => signedBody(secret, "x-webhook-signature", "/webhooks/forwardemail");

describeAdapter({
  adapter: forwardemail,
  senders: [sender("first-secret"), sender("second-secret")],
  proofs: [header("x-webhook-signature")],
  tamper: "any_byte",
});
