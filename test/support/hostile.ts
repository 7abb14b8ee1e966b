/** Texts that try to be more than text. */

export const HOSTILE = {
  script: "<script>document.title='owned'</script>",
  attribute: `"><img src=x onerror="document.title='owned'">`,
  rtl: "\u202egnp.exe\u202c \u2066mirrored\u2069 \u05e9\u05dc\u05d5\u05dd",
  long: "x".repeat(10_000),
  markdown: "[click](javascript:alert(1)) {{7*7}} <!-- -->",
} as const;

/** Allowed in the local part of an address, quoted. */
export const HOSTILE_RECIPIENT = `"<img src=x onerror=document.title='owned'>"@example.com`;

/** Events that say such things wherever an event can say something. */
export function hostileEvents(recipient = HOSTILE_RECIPIENT): object[] {
  return Object.values(HOSTILE).map((text, i) => ({
    id: `hostile-${i}`,
    kind: "bounced",
    class: "hard",
    category: text,
    recipient,
    messageId: text,
    statusCode: "5.1.1",
    diagnosticCode: `550 ${text}`,
    remoteMta: text,
    envelopeSender: text,
    campaign: text,
    tags: [text],
    metadata: { note: text, [text]: text },
  }));
}
