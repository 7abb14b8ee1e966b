import { scaleway } from "../../src/providers/scaleway";
import { describeAdapter } from "./contract";
import { SIGNED_PARTS, Topics, tamperWithMessage } from "./topics";

const CERTIFICATE_URL = "https://messaging.s3.fr-par.scw.cloud/fr-par/sns/sns_certificate_1.crt";
const PATH = "/webhooks/scaleway";
const [OURS, OLD] = ["arn:scw:sns:fr-par:project-8c8bfa06:mail", "arn:scw:sns:nl-ams:project-8c8bfa06:mail"];

const [topics, stranger] = [await Topics.create(CERTIFICATE_URL, PATH), await Topics.create(CERTIFICATE_URL, PATH)];

describeAdapter({
  adapter: scaleway,
  textType: "text/plain; charset=UTF-8",
  senders: [topics.sender(OURS), topics.sender(OLD)],
  proofs: SIGNED_PARTS,
  tamper: tamperWithMessage,
  forgeries: { "a signature with another key": (payload) => stranger.publish(OURS, payload) },
  lookups: topics.lookups,
});
