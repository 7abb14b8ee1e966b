/** Every provider there is. To add one: its file, a line here, and a folder of fixtures. */
import type { Adapter } from "./adapter";
import { ahasend } from "./ahasend";
import { azure } from "./azure";
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
import { mailpace } from "./mailpace";
import { mailtrap } from "./mailtrap";
import { mandrill } from "./mandrill";
import { ownFormat } from "./own-format";
import { postal } from "./postal";
import { postmark } from "./postmark";
import { powermta } from "./powermta";
import { resend } from "./resend";
import { scaleway } from "./scaleway";
import { sendgrid } from "./sendgrid";
import { ses } from "./ses";
import { smtp2go } from "./smtp2go";
import { smtpeter } from "./smtpeter";
import { sparkpost } from "./sparkpost";
import { standardWebhooks } from "./standard-webhooks";
import { sweego } from "./sweego";
import { unisenderGo } from "./unisender-go";
import { zeptomail } from "./zeptomail";

/** Every provider there is, in the order of their names. */
export const ADAPTERS: readonly Adapter[] = [
  ahasend,
  azure,
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
  mailpace,
  mailtrap,
  mandrill,
  postal,
  postmark,
  powermta,
  resend,
  scaleway,
  sendgrid,
  ses,
  smtp2go,
  smtpeter,
  sparkpost,
  standardWebhooks,
  sweego,
  unisenderGo,
  zeptomail,
];

/** Whose bytes can be read again: every provider, and our own format. */
const BY_ID = new Map([...ADAPTERS, ownFormat].map((adapter) => [adapter.id, adapter]));

/** @param id the word in its URL */
export function adapterOf(provider: string): Adapter | undefined {
  return BY_ID.get(provider);
}
