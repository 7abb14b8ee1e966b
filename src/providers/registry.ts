/** Every provider there is. To add one: its file, a line here, and a folder of fixtures. */
import type { Adapter } from "./adapter";
import { brevo } from "./brevo";
import { cloudflareEmail } from "./cloudflare-email";
import { elasticemail } from "./elasticemail";
import { forwardemail } from "./forwardemail";
import { inboxroad } from "./inboxroad";
import { kumomta } from "./kumomta";
import { lettermint } from "./lettermint";
import { listmonk } from "./listmonk";
import { mailersend } from "./mailersend";
import { mailgun } from "./mailgun";
import { mailjet } from "./mailjet";
import { mailomat } from "./mailomat";
import { mailtrap } from "./mailtrap";
import { mandrill } from "./mandrill";
import { ownFormat } from "./own-format";
import { postal } from "./postal";
import { powermta } from "./powermta";
import { ses } from "./ses";
import { smtpeter } from "./smtpeter";
import { zeptomail } from "./zeptomail";

export const ADAPTERS: readonly Adapter[] = [
  brevo,
  cloudflareEmail,
  elasticemail,
  forwardemail,
  inboxroad,
  kumomta,
  lettermint,
  listmonk,
  mailersend,
  mailgun,
  mailjet,
  mailomat,
  mailtrap,
  mandrill,
  postal,
  powermta,
  ses,
  smtpeter,
  zeptomail,
];

/** Whose bytes can be read again: every provider, and our own format. */
const BY_ID = new Map([...ADAPTERS, ownFormat].map((adapter) => [adapter.id, adapter]));

export function adapterOf(provider: string): Adapter | undefined {
  return BY_ID.get(provider);
}
