import { inboxroad } from "../../src/providers/inboxroad";
import { describeAdapter } from "./contract";
import { sharedSecret } from "./senders";

describeAdapter({ adapter: inboxroad, textType: "application/x-ndjson", ...sharedSecret("/webhooks/inboxroad") });
