/** The providers whose suppression lists can be kept in step with ours. */
import type { SyncAdapter } from "./adapter";
import { mailgunSync } from "./mailgun";
import { postmarkSync } from "./postmark";
import { sendgridSync } from "./sendgrid";
import { sesSync } from "./ses";

/** Every provider whose list can be kept in step with ours. */
export const SYNC_ADAPTERS: readonly SyncAdapter[] = [sesSync, mailgunSync, postmarkSync, sendgridSync];
