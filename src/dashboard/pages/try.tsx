/** Try a bounce: how a mail would be recognized, by which rule, and what it would do. Nothing is recorded. */
import { Hono } from "hono";
import { type MailReading, readMail } from "../../pipeline/mail";
import { classifyDraft } from "../../pipeline/normalize";
import type { DashboardEnv } from "../env";
import { frameOf } from "../frame";
import { Fact, Facts } from "../parts/facts";
import { FormToken } from "../parts/forms";
import { Page } from "../parts/layout";
import { Badge, bytesWords, Empty, EventBadge, Foreign } from "../parts/words";

const MAX_MAIL_BYTES = 10_000_000;
const PATH = "/dashboard/try";

const FORM_WORDS: Readonly<Record<MailReading["form"], string>> = {
  dsn: "a delivery status notification (RFC 3464)",
  arf: "a feedback report (RFC 5965)",
  auto_reply: "an automatic reply",
  free_text: "a bounce in the words of a mail system",
  unrecognized: "no report: it would be kept in quarantine and do nothing",
};

export const tryRoutes = new Hono<DashboardEnv>();

tryRoutes.get(PATH, async (c) => {
  const frame = await frameOf(c, { title: "Try a bounce", path: PATH });
  return c.html(
    <Page frame={frame}>
      <TryForm token={frame.formToken} text="" />
    </Page>,
  );
});

tryRoutes.post(PATH, async (c) => {
  const form = await c.req.parseBody();
  const file = form.file;
  const pasted = typeof form.mail === "string" ? form.mail : "";
  const isFile = file instanceof File && file.size > 0;
  const raw = isFile ? new Uint8Array(await file.arrayBuffer()) : new TextEncoder().encode(pasted);
  const frame = await frameOf(c, { title: "Try a bounce", path: PATH });
  const isReadable = raw.byteLength > 0 && raw.byteLength <= MAX_MAIL_BYTES;
  const reading = isReadable ? await readMail(c.env, { raw, trusted: true }) : null;
  return c.html(
    <Page frame={frame}>
      {reading ? (
        <Reading reading={reading} />
      ) : (
        <div class="notice warn" role="status">
          {raw.byteLength
            ? `This mail is larger than ${bytesWords(MAX_MAIL_BYTES)}.`
            : "Paste a mail or choose a file first."}
        </div>
      )}
      <TryForm token={frame.formToken} text={isFile ? "" : pasted} />
    </Page>,
  );
});

function TryForm({ token, text }: { token: string; text: string }) {
  return (
    <>
      <div class="heading">
        <h1>Try a bounce</h1>
      </div>
      <form class="panel" method="post" action={PATH} enctype="multipart/form-data">
        <FormToken token={token} />
        <p>Paste a mail with all its headers, or drop an .eml file on the field. Nothing is recorded.</p>
        <label>
          The mail
          <textarea name="mail" rows={14} data-drop spellcheck={false}>
            {text}
          </textarea>
        </label>
        <label class="below">
          or a file with it
          <input type="file" name="file" accept=".eml,message/rfc822,text/plain" />
        </label>
        <div class="actions below">
          <button class="primary" type="submit">
            Recognize it
          </button>
        </div>
      </form>
    </>
  );
}

function Reading({ reading }: { reading: MailReading }) {
  return (
    <section class="panel" aria-label="What it is" role="status">
      <p class="verdict">
        This is <strong>{FORM_WORDS[reading.form]}</strong>.
      </p>
      {reading.statements.length === 0 && reading.form !== "unrecognized" ? (
        <Empty title="It says nothing that would be recorded" />
      ) : null}
      {reading.statements.map(({ event, draft }) => {
        const verdict = draft.kind === "bounced" ? classifyDraft(draft) : null;
        return (
          <>
            <h3>
              <EventBadge kind={draft.kind} bounceClass={verdict?.class ?? null} />{" "}
              {event.recipient === undefined ? (
                <span class="soft">a recipient that the report does not name</span>
              ) : (
                <Foreign text={event.recipient} />
              )}
            </h3>
            <Facts>
              <QuotedFact name="Rule" value={verdict?.rule} />
              <QuotedFact name="Why" value={verdict?.category ?? draft.category} />
              <QuotedFact name="Failed at" value={event.failedAddress} />
              <QuotedFact name="Status" value={event.statusCode} />
              <QuotedFact name="Reply" value={event.replyCode} />
              <QuotedFact name="Refused command" value={event.smtpCommand} />
              <QuotedFact name="Receiver" value={event.remoteMta} />
              <QuotedFact name="Report" value={event.feedbackType} />
              <QuotedFact name="Message" value={draft.internetMessageId} />
              <QuotedFact name="What was said" value={event.diagnosticCode} />
              <Fact name="Effect">
                <Badge>{effectOf(draft.kind, verdict?.class)}</Badge>
              </Fact>
            </Facts>
          </>
        );
      })}
    </section>
  );
}

function QuotedFact({ name, value }: { name: string; value: string | undefined }) {
  return value === undefined ? null : (
    <Fact name={name}>
      <Foreign text={value} />
    </Fact>
  );
}

const EFFECTS: Readonly<Record<string, string>> = {
  "bounced/hard": "suppresses at once",
  "bounced/soft": "counts",
  "bounced/expired": "counts",
  complained: "suppresses at once",
  unsubscribed: "suppresses at once",
  delivered: "takes back the count",
};

/** By default; a policy may say otherwise. */
function effectOf(kind: string, bounceClass: string | undefined): string {
  return EFFECTS[bounceClass === undefined ? kind : `${kind}/${bounceClass}`] ?? "is recorded, and nothing more";
}
