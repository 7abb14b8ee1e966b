import { smtp2go } from "../../src/providers/smtp2go";
import { describeAdapter } from "./contract";
import { sharedSecret } from "./senders";

describeAdapter({
  adapter: smtp2go,
  textType: "application/x-www-form-urlencoded",
  ...sharedSecret("/webhooks/smtp2go"),
});
