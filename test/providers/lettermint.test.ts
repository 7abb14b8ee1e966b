import { hexOf, utf8Bytes } from "../../src/crypto/encoding";
import { hmac } from "../../src/crypto/hmac";
import { lettermint } from "../../src/providers/lettermint";
import { describeAdapter } from "./contract";
import { header, post, type Sender } from "./senders";

function sender(secret: string, delivery = (time: string) => time): Sender {
  return {
    credential: secret,
    sign: async (payload, at) => {
      const time = String(Math.floor(at / 1000));
      const signed = Uint8Array.from([...utf8Bytes(`${time}.`), ...payload.body]);
      const signature = hexOf(await hmac("SHA-256", utf8Bytes(secret), signed));
      const headers = {
        "x-lettermint-signature": `t=${time},v1=${signature}`,
        "x-lettermint-delivery": delivery(time),
      };
      return post(payload, headers, "/webhooks/lettermint");
    },
  };
}

describeAdapter({
  adapter: lettermint,
  senders: [sender("first-secret"), sender("second-secret")],
  proofs: [header("x-lettermint-signature")],
  tamper: "any_byte",
  forgeries: { "a delivery of another time": sender("first-secret", (time) => `${time}0`).sign },
  window: { pastMs: 5 * 60_000, futureMs: 5 * 60_000 },
});
