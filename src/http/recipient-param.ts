import { z } from "@hono/zod-openapi";
import { ADDRESS_ERRORS, canonicalRecipient } from "../domain/address";
import { Problem } from "./problem";

/** The last part of a URL that is about one recipient. */
export const recipientParam = z.object({
  recipient: z
    .string()
    .min(1)
    .openapi({ param: { name: "recipient", in: "path" }, example: "john@example.com" })
    .describe("An address, URL-encoded; @example.com for a whole domain; a listmonk subscriber's uuid."),
});

/**
 * The canonical form of what a URL names.
 *
 * @throws Problem `invalid_recipient`
 */
export function recipientOf(text: string): string {
  const address = canonicalRecipient(text);
  if (!address.ok) throw new Problem("invalid_recipient", { detail: ADDRESS_ERRORS[address.error] });
  return address.value;
}
