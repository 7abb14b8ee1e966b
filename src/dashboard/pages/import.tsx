/** Importing a list in two steps: what it would do is shown first; then the very same bytes are imported. */
import { type Context, Hono } from "hono";
import { base64Of, bytesOfBase64, utf8Bytes } from "../../crypto/encoding";
import { FORMATS } from "../../import/formats";
import { type ImportFailure, type ImportSummary, openImport, type RowResult } from "../../pipeline/import";
import { gunzip, gzip } from "../../pipeline/receipt";
import { batchPage } from "../../store/batches";
import type { DashboardEnv } from "../env";
import { actorOf, frameOf } from "../frame";
import { Choice, FormToken, MAX_NOTE_LENGTH, Note } from "../parts/forms";
import { Page } from "../parts/layout";
import { Preview } from "../parts/list-preview";
import { Panel } from "../parts/panel";
import { bytesWords, Empty } from "../parts/words";
import { textIn } from "../query";
import { BatchTable } from "./batches";

const PATH = "/dashboard/import";
/** A request holds it more than once. Longer lists go through the API, which streams them. */
const MAX_LIST_BYTES = 10_000_000;
/** Rows that need a look are shown up to here. */
const MAX_SHOWN_ROWS = 50;
const RECENT = 10;

const REASONS = ["manual", "hard", "complaint", "unsubscribe"] as const;
const REASON_OPTIONS = [
  ["manual", "blocked by hand"],
  ["hard", "bounced for good"],
  ["complaint", "complained"],
  ["unsubscribe", "unsubscribed"],
] as const;

export const importRoutes = new Hono<DashboardEnv>();

importRoutes.get(PATH, async (c) => importPage(c, null));

/** What the form says of the list. */
interface Options {
  readonly format: string | undefined;
  readonly reason: (typeof REASONS)[number] | undefined;
  readonly overridesReleases: boolean;
  readonly note: string | null;
}

type Form = Readonly<Record<string, unknown>>;

function optionsIn(form: Form): Options {
  return {
    format: FORMATS.find(({ id }) => id === form.format)?.id,
    reason: REASONS.find((reason) => reason === form.reason),
    overridesReleases: form.override === "yes",
    note: textIn(form, "note", MAX_NOTE_LENGTH) ?? null,
  };
}

importRoutes.post(PATH, async (c) => {
  const form = await c.req.parseBody();
  const { file } = form;
  const pasted = typeof form.list === "string" ? form.list : "";
  const bytes = file instanceof File && file.size > 0 ? new Uint8Array(await file.arrayBuffer()) : utf8Bytes(pasted);
  if (!bytes.byteLength) {
    return importPage(c, "Paste a list or choose a file first.");
  }
  if (bytes.byteLength > MAX_LIST_BYTES) {
    return importPage(
      c,
      `The list is larger than ${bytesWords(MAX_LIST_BYTES)}. POST /v1/suppressions/import takes longer ones.`,
    );
  }
  const options = optionsIn(form);
  const outcome = await run(c, bytes, options, true);
  if (outcome.problem !== null) return importPage(c, outcome.problem);
  const frame = await frameOf(c, { title: "Import", path: PATH });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Import this list?</h1>
      </div>
      <Preview summary={outcome.summary} remarkable={outcome.remarkable} bytes={bytes} />
      <form class="panel" method="post" action={`${PATH}/run`}>
        <FormToken token={frame.formToken} />
        <input type="hidden" name="packed" value={base64Of(gzip(bytes))} />
        <input type="hidden" name="format" value={options.format ?? ""} />
        <input type="hidden" name="reason" value={options.reason ?? ""} />
        <input type="hidden" name="override" value={options.overridesReleases ? "yes" : ""} />
        <input type="hidden" name="note" value={options.note ?? ""} />
        <div class="actions">
          <button class="primary" type="submit" disabled={outcome.summary.new === 0}>
            Import {outcome.summary.new} new {outcome.summary.new === 1 ? "entry" : "entries"}
          </button>
          <a href={PATH}>Leave it</a>
        </div>
        <p class="soft small">It can be undone as a whole afterwards.</p>
      </form>
    </Page>,
  );
});

importRoutes.post(`${PATH}/run`, async (c) => {
  const form = await c.req.parseBody();
  const packed = typeof form.packed === "string" ? bytesOfBase64(form.packed) : null;
  const bytes = packed?.byteLength ? await gunzip(packed, MAX_LIST_BYTES).catch(() => null) : null;
  if (bytes === null) return importPage(c, "The list did not arrive. Choose it once more.");
  const outcome = await run(c, bytes, optionsIn(form), false);
  const batch = outcome.summary?.batchId ?? null;
  if (batch === null) return importPage(c, outcome.problem ?? "There was nothing to import.");
  return c.redirect(
    `/dashboard/batches/${batch}?done=${outcome.problem === null ? "imported" : "import-cut-off"}`,
    303,
  );
});

type Outcome =
  | { readonly problem: null; readonly summary: ImportSummary; readonly remarkable: readonly RowResult[] }
  | { readonly problem: string; readonly summary: ImportSummary | null };

async function run(c: Context<DashboardEnv>, bytes: Uint8Array, options: Options, isDryRun: boolean): Promise<Outcome> {
  if (!c.env.policy.ok) return { problem: `The policy cannot be used: ${c.env.policy.error}`, summary: null };
  const list = await openImport(c.env, {
    ...options,
    chunks: [bytes],
    isDryRun,
    actor: actorOf(c),
    requestId: c.env.requestId,
  });
  if (!list.ok) return { problem: list.error.detail, summary: null };
  const remarkable: RowResult[] = [];
  const { summary, failure } = await list.value.run((rows) => {
    const noted = rows.filter((row) => row.code !== null);
    remarkable.push(...noted.slice(0, MAX_SHOWN_ROWS - remarkable.length));
  });
  return failure ? { problem: FAILURES[failure.type], summary } : { problem: null, summary, remarkable };
}

const FAILURES: Readonly<Record<ImportFailure["type"], string>> = {
  too_many_rows: "The list has too many rows. Cut it in two.",
  reverted: "It was undone while it was being imported.",
  interrupted: "The list could not be read to its end, or the database did not answer. Try again.",
};

async function importPage(c: Context<DashboardEnv>, problem: string | null): Promise<Response> {
  const batches = await batchPage(c.env.db, RECENT, null);
  const frame = await frameOf(c, { title: "Import", path: PATH });
  const page = (
    <Page frame={frame}>
      <div class="heading">
        <h1>Import a suppression list</h1>
      </div>
      {problem === null ? null : (
        <div class="notice warn" role="alert">
          {problem}
        </div>
      )}
      <form class="panel" method="post" action={PATH} enctype="multipart/form-data">
        <FormToken token={frame.formToken} />
        <p>
          CSV, NDJSON or JSON. The exports of SendGrid, Mailgun, Amazon SES, Postmark, listmonk, Mandrill, SparkPost,
          Brevo and Mailchimp are recognized, and so is any list with a column of addresses. What it would do is shown
          first.
        </p>
        <label>
          The list
          <textarea
            name="list"
            rows={8}
            data-drop
            spellcheck={false}
            placeholder={"email,reason\nsomebody@example.com,hard bounce"}
          ></textarea>
        </label>
        <label class="below">
          or a file with it
          <input type="file" name="file" accept=".csv,.txt,.json,.ndjson,.jsonl,text/*,application/json" />
        </label>
        <div class="filters below">
          <Choice
            label="Read as"
            name="format"
            options={[
              ["", "recognize it"],
              ...FORMATS.filter(({ refused }) => !refused).map(({ id, title }) => [id, title] as const),
            ]}
          />
          <Choice label="If no reason is given" name="reason" options={REASON_OPTIONS} />
          <Note />
        </div>
        <label class="check below">
          <input type="checkbox" name="override" value="yes" />
          Entries without a date suppress also those who were released here
        </label>
        <div class="actions below">
          <button class="primary" type="submit">
            Show what it would do
          </button>
        </div>
      </form>
      <Panel title="What was done before" aside={<a href="/dashboard/batches">All batches</a>}>
        {batches.length ? <BatchTable rows={batches} /> : <Empty title="Nothing was imported yet" />}
      </Panel>
    </Page>
  );
  return c.html(page, problem === null ? 200 : 400);
}
