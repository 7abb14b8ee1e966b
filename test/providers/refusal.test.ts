import { expect, it } from "vitest";
import { refusalCategory } from "../../src/providers/refusal";

it.each<[string | undefined, string]>([
  ["blocked : due to unsubscribed user", "unsubscribed"],
  ["Recipient in suppression list. Reason: unsubscription", "unsubscribed"],
  ["The recipient opted out", "unsubscribed"],
  ["Recipient in suppression list. Reason: spam complaint", "complained"],
  ["has previously marked a message as spam", "complained"],
  ["previously hard-bounced", "bounced"],
  ["Recipient in suppression list. Reason: hard bounce", "bounced"],
  ["hard_bounced", "bounced"],
  ["Invalid recipient address", "invalid"],
  ["malformed email", "invalid"],
  ["invalid sender", "policy"],
  ["message looks like spam", "policy"],
  ["Your account has reached its daily sending limit.", "policy"],
  ["", "policy"],
  [undefined, "policy"],
])("takes the reason %j for a refusal because of %s", (reason, category) => {
  expect(refusalCategory(reason)).toBe(category);
});
