/** The providers whose suppression lists can be kept in step with ours. */
import type { SyncAdapter } from "./adapter";
import { mailgunSync } from "./mailgun";
import { postmarkSync } from "./postmark";
import { sendgridSync } from "./sendgrid";

export const SYNC_ADAPTERS: readonly SyncAdapter[] = [mailgunSync, postmarkSync, sendgridSync];
