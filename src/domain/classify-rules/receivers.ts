/** The largest receivers, where their words mean something that nobody else's do. */
import type { RuleGrounds, TextRule } from "../classify-rule";

const MICROSOFT = /outlook\.com|hotmail\.com|live\.com|office365|exchangelabs|microsoft/;
const APPLE = /icloud\.com|apple\.com|\bme\.com|\bmac\.com/;
const AOL = /\baol\.com|\baol\b/;

export const RECEIVER_RULES: readonly TextRule[] = [
  {
    id: "microsoft:recipient-not-in-directory",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: ["recipient address rejected access denied", "all recipient addresses rejected access denied"],
    when: { status: ["4.1"] },
  },
  {
    id: "microsoft:mailbox-unavailable",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: ["requested action not taken mailbox unavailable"],
    when: { at: MICROSOFT, finality: "permanent" },
  },
  {
    id: "microsoft:recipient-restricted",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: ["resolver.rst.(?!recipsizelimit)[a-z]{3,60}"],
  },
  {
    id: "microsoft:recipient-busy",
    class: "soft",
    category: "congestion",
    level: "strong",
    wording: ["recipient thread limit exceeded", "mailbox database thread limit exceeded"],
  },
  {
    id: "microsoft:network-blocked",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: [
      "part of their network is on our block list",
      "unfortunately messages from|messages from{near} weren ?t sent",
      "rejected by windows live hotmail",
      "not currently accepting mail from your ip",
      "banned send(?:er|ing ip)",
      "bad outbound sender",
      "spam abuse detected",
      "traffic not accepted from this ip",
    ],
  },
  {
    id: "microsoft:exchange-5-recipient",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: ["000c05a6", "the recipient name is not recogni[sz]ed"],
  },
  {
    id: "apple:inactive-address",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: ["inactive e ?mail address", "unknown or illegal alias"],
    when: { at: APPLE },
  },
  {
    id: "yahoo:no-account",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: [
      "user doesn ?t have an? {word} account",
      "user does not have an? {word} account",
      "delivery error dd (?:@ )?is no longer valid",
    ],
  },
  {
    id: "yahoo:deferred-for-complaints",
    class: "block",
    category: "rate-limited",
    level: "strong",
    wording: [
      "(?:temporarily|permanently) deferred due to (?:unexpected volume or )?user complaints",
      "deferred due to excessive volume",
      "will be permanently deferred",
      "messages from{near} (?:will be permanently|temporarily) deferred",
      "tss(?:0[0-9]|1[0-9])",
    ],
  },
  {
    id: "aol:labelled-block",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: ["(?:rtr|hvu|dyn|rly|con|dns|spm|ldn|tig|ctu|cbu|dng) (?:bl|bb|bg|ch|ge|du|sc|sd|b1|b2|t1|nr)"],
    when: { at: AOL },
  },
];

export const RECEIVER_GROUNDS: RuleGrounds = {
  "microsoft:recipient-not-in-directory": {
    because:
      "Exchange Online's directory-based edge blocking answers 5.4.1 with these words for an address that is not in the tenant's directory",
    examples: [
      "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [AM1EUR01FT001.eop-EUR01.prod.protection.outlook.com]",
      "550 5.4.1 [john@example.com]: Recipient address rejected: Access denied [BL2NAM01FT002.eop-nam01.prod.protection.outlook.com]",
    ],
  },
  "microsoft:mailbox-unavailable": {
    because:
      "Hotmail and Outlook.com say 'mailbox unavailable' with 550 or 5.5.0 for an account that does not exist; their blocks have words of their own",
    examples: [
      "550 5.5.0 Requested action not taken: mailbox unavailable [BN1NAM02FT003.eop-nam02.prod.protection.outlook.com]",
      { text: "550 Requested action not taken: mailbox unavailable", remoteMta: "mx1.hotmail.com" },
      "host mx2.hotmail.com[192.0.2.7] said: 550 Requested action not taken: mailbox unavailable (in reply to RCPT TO command)",
    ],
  },
  "microsoft:recipient-restricted": {
    because: "RESOLVER.RST is Exchange's step that asks who may send to a recipient it has found",
    examples: [
      "550 5.7.1 RESOLVER.RST.AuthRequired; authentication required",
      "550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized",
      "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; sender not authenticated for group",
    ],
  },
  "microsoft:recipient-busy": {
    because: "Exchange's store delivers to a mailbox with a bounded number of threads and puts the rest off",
    examples: ["432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded"],
  },
  "microsoft:network-blocked": {
    because:
      "Outlook.com's labels (S3140, SC-001, DY-001, OU-002, RP-001) are about the sending address or its network",
    examples: [
      "550 5.7.1 Unfortunately, messages from [192.0.2.4] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).",
      "550 SC-001 (COL004-MC1F22) Unfortunately, messages from 192.0.2.4 weren't sent.",
      "550 5.7.606 Access denied, banned sending IP [192.0.2.4]",
    ],
  },
  "microsoft:exchange-5-recipient": {
    because:
      "000C05A6 is the Exchange 5.5 Internet Mail Service's code for a recipient that the directory does not have",
    examples: ["The recipient name is not recognized MSEXCH:IMS:Example:Site:MAIL1 0 (000C05A6) Unknown Recipient"],
  },
  "apple:inactive-address": {
    because: "iCloud answers 5.1.1, no such mailbox, with these words for an address that its owner gave up",
    examples: [
      { text: "550 5.1.1 <john@example.com>: inactive email address", remoteMta: "mx01.mail.icloud.com" },
      { text: "550 5.1.1 unknown or illegal alias: john@example.com", remoteMta: "mx2.mail.icloud.com" },
    ],
  },
  "yahoo:no-account": {
    because: "Yahoo's delivery backend answers after the message, with dd, for accounts that it does not have",
    examples: [
      "554 delivery error: dd This user doesn't have a yahoo.com account (john@example.com) [0] - mta1.example.net",
      "554 delivery error: dd This user doesn't have a ymail.com account (john@example.com) [-5]",
    ],
  },
  "yahoo:deferred-for-complaints": {
    because: "Yahoo's TSS labels and these words are about the complaints that the sending address causes",
    examples: [
      "421 4.7.0 [TSS04] Messages from 192.0.2.4 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.example.com/error-codes",
      "553 5.7.2 [TSS09] All messages from 192.0.2.4 will be permanently deferred; Retrying will NOT succeed.",
      "421 4.7.1 Messages to john@example.com deferred due to excessive volume. Try again later",
    ],
  },
  "aol:labelled-block": {
    because: "AOL labels its blocks of addresses and content in brackets: RTR:BL, HVU:B1, DYN:T1 and so on",
    examples: [
      { text: "554- (RTR:BL) https://postmaster.example.com/errors/554rtrbl.html", remoteMta: "mailin-01.mx.aol.com" },
      {
        text: "421 4.7.1 : (DYN:T1) http://postmaster.example.com/errors/421dynt1.html",
        remoteMta: "mailin.mx.aol.com",
      },
    ],
  },
};
