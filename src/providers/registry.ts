/** Every provider there is. To add one: its file, a line here, and a folder of fixtures. */
import type { Adapter } from "./adapter";
import { brevo } from "./brevo";
import { cloudflareEmail } from "./cloudflare-email";
import { inboxroad } from "./inboxroad";
import { listmonk } from "./listmonk";
import { mailersend } from "./mailersend";
import { mailjet } from "./mailjet";
import { ownFormat } from "./own-format";
import { powermta } from "./powermta";
import { smtpeter } from "./smtpeter";

export const ADAPTERS: readonly Adapter[] = [
  brevo,
  cloudflareEmail,
  inboxroad,
  listmonk,
  mailersend,
  mailjet,
  powermta,
  smtpeter,
];

/** Whose bytes can be read again: every provider, and our own format. */
const BY_ID = new Map([...ADAPTERS, ownFormat].map((adapter) => [adapter.id, adapter]));

export function adapterOf(provider: string): Adapter | undefined {
  return BY_ID.get(provider);
}
