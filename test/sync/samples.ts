/**
 * What the providers' APIs answer, written by us after the examples of their manuals (named in `src/sync/`): the same
 * members and forms, made-up addresses and times.
 */

export const SENDGRID_BOUNCES = [
  {
    created: 1_893_000_000,
    email: "gone@example.com",
    reason: "550 5.1.1 The account does not exist",
    status: "5.1.1",
  },
  { created: 1_892_000_000, email: "policy@example.com", reason: "550 5.7.1 blocked for spam", status: "5.7.1" },
];

export const SENDGRID_UNSUBSCRIBES = [{ created: 1_893_100_000, email: "left@example.com" }];

export const MAILGUN_BOUNCES = {
  items: [
    {
      address: "gone@example.com",
      code: "550",
      error: "No such mailbox",
      created_at: "Tue, 06 Nov 2029 18:11:58 UTC",
    },
    {
      address: "ours@example.com",
      code: "550",
      error: "Suppressed by Bouncekeeper",
      created_at: "Tue, 06 Nov 2029 18:11:58 UTC",
    },
  ],
  paging: {
    first: "https://api.mailgun.net/v3/mg.example.com/bounces?page=first&limit=1000",
    next: "https://api.mailgun.net/v3/mg.example.com/bounces?page=next&address=ours%40example.com&limit=1000",
    previous: "https://api.mailgun.net/v3/mg.example.com/bounces?page=previous&address=gone%40example.com&limit=1000",
    last: "https://api.mailgun.net/v3/mg.example.com/bounces?page=last&limit=1000",
  },
};

export const POSTMARK_DUMP = {
  Suppressions: [
    {
      EmailAddress: "left@example.com",
      SuppressionReason: "ManualSuppression",
      Origin: "Recipient",
      CreatedAt: "2029-12-17T08:58:33-05:00",
    },
    {
      EmailAddress: "ours@example.com",
      SuppressionReason: "ManualSuppression",
      Origin: "Customer",
      CreatedAt: "2029-12-17T08:58:33-05:00",
    },
  ],
};

export const POSTMARK_DELETED = {
  Suppressions: [
    { EmailAddress: "gone@example.com", Status: "Deleted", Message: null },
    {
      EmailAddress: "angry@example.com",
      Status: "Failed",
      Message: "You do not have the required authority to change this suppression.",
    },
  ],
};

export const SES_SUMMARIES = [
  { EmailAddress: "gone@example.com", Reason: "BOUNCE", LastUpdateTime: 1_893_000_000.123 },
  { EmailAddress: "angry@example.com", Reason: "COMPLAINT", LastUpdateTime: 1_893_000_000.5 },
];
