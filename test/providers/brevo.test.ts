import { expect, it } from "vitest";
import { brevo } from "../../src/providers/brevo";
import { describeAdapter } from "./contract";
import { sharedSecret } from "./senders";

describeAdapter({ adapter: brevo, ...sharedSecret("/webhooks/brevo") });

it("asks Brevo to come again in the only way that it does", () => {
  expect(brevo.retryStatus).toBe(429);
});
