/**
 * A worker that sends a newsletter, and asks Bouncekeeper first: `POST /` with `{"recipients": [...]}`, and
 * `GET /?recipient=...` for a single answer.
 */

interface Suppressed {
  recipient: string;
  reasons: string[];
  since: string | null;
  until: string | null;
}

interface Options {
  purpose?: "marketing" | "transactional";
  consistency?: "eventual" | "strong";
}

/** What Bouncekeeper's entrypoint offers. Both methods throw where nobody can answer. */
interface Suppressions {
  check(recipient: string, options?: Options): Promise<Suppressed & { suppressed: boolean; source: "kv" | "d1" }>;
  /** At most 10,000 recipients. Those that are in neither list of the answer may be mailed. */
  checkMany(
    recipients: string[],
    options?: Options,
  ): Promise<{ checked: number; suppressed: Suppressed[]; invalid: string[] }>;
}

interface Env {
  SUPPRESSIONS: Suppressions;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    try {
      return request.method === "POST" ? await sendNewsletter(request, env) : await mayMail(request, env);
    } catch (error) {
      // Its message begins with a code. Nobody answered, or the question was wrong: in neither case is anything sent.
      const message = error instanceof Error ? error.message : "";
      return new Response(message, { status: message.startsWith("invalid_") ? 400 : 503 });
    }
  },
};

async function mayMail(request: Request, env: Env): Promise<Response> {
  const recipient = new URL(request.url).searchParams.get("recipient") ?? "";
  const { suppressed, reasons } = await env.SUPPRESSIONS.check(recipient, { purpose: "transactional" });
  return Response.json({ recipient, mayMail: !suppressed, reasons });
}

async function sendNewsletter(request: Request, env: Env): Promise<Response> {
  const { recipients } = await request.json<{ recipients: string[] }>();
  const { suppressed, invalid } = await env.SUPPRESSIONS.checkMany(recipients);
  const leftOut = new Set([...suppressed.map(({ recipient }) => recipient), ...invalid]);
  const sent = recipients.filter((recipient) => !leftOut.has(recipient));
  for (const recipient of sent) await send(recipient);
  return Response.json({ sent: sent.length, suppressed, invalid });
}

async function send(_recipient: string): Promise<void> {
  // Your provider's API.
}
