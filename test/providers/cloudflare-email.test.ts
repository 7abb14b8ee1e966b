import { expect, it } from "vitest";
import { cloudflareEmail } from "../../src/providers/cloudflare-email";
import { describeAdapter } from "./contract";
import { NOW } from "./contract/setup";
import { post, type Sender } from "./senders";

/** The platform, which needs no credential. */
const queue: Sender = { credential: "", sign: (payload) => post(payload, {}, "/") };

describeAdapter({
  adapter: cloudflareEmail,
  isTrusted: true,
  senders: [queue, queue],
  proofs: [],
  tamper: null,
});

it("is no webhook: nothing can be configured for it, and nothing that is posted is believed", async () => {
  for (const raw of ["secret", {}]) expect(cloudflareEmail.readCredential(raw).ok).toBe(false);
  const request = post({ body: new Uint8Array(), contentType: "application/json" }, {}, "/webhooks/cloudflare-email");
  const lookup = async () => ({ ok: false, error: "absent" }) as const;
  const outcome = await cloudflareEmail.verify(request, [], { now: NOW, getText: lookup, getTxt: lookup });
  expect(outcome).toMatchObject({ ok: false, error: { code: "unauthenticated" } });
});
