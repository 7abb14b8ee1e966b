/** Accounting records as PowerMTA and Inboxroad post them. */

export type PmtaRecord = Readonly<Record<string, string>>;

/** What one record is about. The same three make the same event. */
interface About {
  readonly recipient: string;
  readonly message: string;
  /** Epoch ms, whole seconds: what PowerMTA logs. */
  readonly at: number;
}

function record(type: string, { recipient, message, at }: About, more: PmtaRecord): PmtaRecord {
  return {
    type,
    timeLogged: String(at / 1000),
    orig: "returns@news.example.com",
    rcpt: recipient,
    "header_Message-Id": `<${message}@news.example.com>`,
    ...more,
  };
}

export function delivery(about: About): PmtaRecord {
  return record("d", about, { dsnStatus: "2.0.0 (success)", dsnDiag: "smtp;250 2.0.0 OK", bounceCat: "success" });
}

const CATEGORY = {
  hard: { bounceCat: "bad-mailbox", dsnStatus: "5.1.1 (bad destination mailbox address)" },
  soft: { bounceCat: "quota-issues", dsnStatus: "5.2.2 (mailbox full)" },
  expired: { bounceCat: "message-expired", dsnStatus: "4.4.7 (delivery time expired)" },
  block: { bounceCat: "spam-related", dsnStatus: "5.7.1 (delivery not authorized)" },
} as const;

export type PmtaClass = keyof typeof CATEGORY;

/** Refused in the dialogue with the receiving server. */
export function bounce(bounceClass: PmtaClass, about: About): PmtaRecord {
  return record("b", about, CATEGORY[bounceClass]);
}

/** Accepted first and returned later: a delivery status notification that PowerMTA has read. */
export function remoteBounce(bounceClass: PmtaClass, about: About): PmtaRecord {
  return record("rb", about, CATEGORY[bounceClass]);
}

export function complaint(about: About): PmtaRecord {
  return record("f", about, { feedbackType: "abuse" });
}

/** Of a kind that is known and not wanted. */
export function received(about: About): PmtaRecord {
  return record("r", about, {});
}
