/** PowerMTA's accounting records, which Inboxroad posts as well. */

const TYPES = { delivered: "d", deferred: "t", bounced: "b", complained: "f", "unheard-of": "zz" };

export const POWERMTA_KINDS = Object.keys(TYPES);

export function powerMtaRecord(event) {
  const common = {
    type: TYPES[event.kind],
    timeLogged: `${Math.floor(event.at / 1000)}`,
    orig: event.sender,
    rcpt: event.recipient,
    jobId: event.campaign,
    "header_Message-Id": `<${event.messageId}>`,
    vmta: "pool-a",
  };
  if (event.kind === "complained") return { ...common, feedbackType: event.text, reportedDomain: "mail.example.com" };
  return {
    ...common,
    dsnAction: { delivered: "relayed", deferred: "delayed" }[event.kind] ?? "failed",
    dsnStatus: event.status && `${event.status} (${event.category ?? "success"})`,
    dsnDiag: event.reply && `smtp;${event.reply} ${event.text}`,
    bounceCat: event.category ?? "other",
  };
}
