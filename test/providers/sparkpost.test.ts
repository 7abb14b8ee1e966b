import { expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { classify } from "../../src/domain/classify";
import { markVerified } from "../../src/providers/adapter";
import { sparkpost } from "../../src/providers/sparkpost";
import { describeAdapter } from "./contract";
import { NOW } from "./contract/setup";
import { draftsOf } from "./fixtures";
import { post, sharedSecret } from "./senders";

const PATH = "/webhooks/sparkpost";

describeAdapter({ adapter: sparkpost, ...sharedSecret(PATH) });

function parse(event: object, eventClass = "message_event") {
  const body = utf8Bytes(JSON.stringify([{ msys: { [eventClass]: { rcpt_to: "john@example.com", ...event } } }]));
  return sparkpost.parse(markVerified(post({ body, contentType: "application/json" }, {}, PATH)), { receivedAt: NOW });
}

const SAID_NOTHING = { error_code: "550", raw_reason: "550 no" };

it.each<[number, string]>([
  [1, "undetermined"],
  [10, "hard"],
  [20, "soft"],
  [21, "soft"],
  [22, "soft"],
  [23, "soft"],
  [24, "expired"],
  [25, "block"],
  [26, "block"],
  [30, "hard"],
  [40, "soft"],
  [50, "block"],
  [51, "block"],
  [52, "block"],
  [53, "block"],
  [54, "block"],
  [70, "soft"],
  [999, "undetermined"],
])("makes of the bounce class %i the class %s", (number, expected) => {
  for (const type of ["bounce", "out_of_band"]) {
    for (const bounce_class of [number, String(number)]) {
      const [draft] = draftsOf(parse({ type, bounce_class, ...SAID_NOTHING }));
      expect([draft?.kind, draft && classify(draft).class]).toEqual(["bounced", expected]);
    }
  }
});

it.each<[number, string]>([
  [60, "auto_reply"],
  [100, "auto_reply"],
  [90, "unsubscribed"],
])("takes a bounce of the class %i for no bounce: %s", (bounce_class, kind) => {
  expect(draftsOf(parse({ type: "out_of_band", bounce_class })).map((draft) => draft.kind)).toEqual([kind]);
});

it.each<[string, object, string]>([
  ["names a cause", { bounce_class: "50", raw_reason: "550 5.1.1 user unknown" }, "block"],
  ["names a policy", { bounce_class: "26", raw_reason: "550 5.1.1 user unknown" }, "block"],
  ["is general", { bounce_class: "20", raw_reason: "550 5.1.1 user unknown" }, "hard"],
  ["says nothing", { bounce_class: "1", raw_reason: "452 4.2.2 mailbox full" }, "soft"],
  ["is missing", { raw_reason: "550 5.7.1 blocked as spam" }, "block"],
  ["is no class at all", { bounce_class: "constructor", raw_reason: "550 no" }, "undetermined"],
])("lets the words decide or not where the class %s", (_what, event, expected) => {
  const [draft] = draftsOf(parse({ type: "bounce", ...event }));
  expect(draft && classify(draft).class).toBe(expected);
});

it.each(["relay_event", "relay_message", "ab_test_event", "ingest_event"])("ignores all of %s", (eventClass) => {
  expect(parse({ type: "bounce" }, eventClass)).toEqual({ type: "items", items: [{ type: "ignored" }] });
});

it.each(["injection", "open", "initial_open", "click", "amp_open", "amp_initial_open", "amp_click", "sms_status"])(
  "ignores %s",
  (type) => expect(parse({ type }, "track_event")).toEqual({ type: "items", items: [{ type: "ignored" }] }),
);
