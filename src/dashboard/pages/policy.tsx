/** The policy that holds, what another one would do, and making it so. */
import { Hono } from "hono";
import { type EffectivePolicy, policyText } from "../../domain/effective-policy";
import { writtenInFull } from "../../domain/policy";
import { effectivePolicy } from "../../pipeline/policy";
import { applyPolicy, simulate } from "../../pipeline/policy-batch";
import { newestPolicy, type PolicyRow } from "../../store/policies";
import { newestSimulations, type PolicyRunRow } from "../../store/policy-runs";
import type { DashboardEnv } from "../env";
import { actorOf, frameOf } from "../frame";
import { Facts } from "../parts/facts";
import { FormToken, MAX_NOTE_LENGTH } from "../parts/forms";
import { Page } from "../parts/layout";
import { Notice } from "../parts/notice";
import { Panel } from "../parts/panel";
import { PolicyFacts, PolicyFields, policyIn } from "../parts/policy-form";
import { Foreign, Time } from "../parts/words";
import { textIn, withDone } from "../query";

export const POLICY_PATH = "/dashboard/policy";
const SHOWN_SIMULATIONS = 10;

export const policyRoutes = new Hono<DashboardEnv>();

policyRoutes.get(POLICY_PATH, async (c) => {
  const [current, newest, runs] = await Promise.all([
    effectivePolicy(c.env),
    newestPolicy(c.env.db),
    newestSimulations(c.env.db, SHOWN_SIMULATIONS),
  ]);
  const frame = await frameOf(c, { title: "Policy", path: POLICY_PATH });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Policy</h1>
      </div>
      <Notice url={new URL(c.req.url)} token={frame.formToken} />
      {current.ok ? (
        <>
          <InForce policy={current.value} newest={newest} />
          <DraftForm policy={current.value.text} token={frame.formToken} problem={null} isReclassifying={false} />
        </>
      ) : (
        <section class="panel" aria-label="The policy">
          <p class="notice bad">The policy cannot be used: {current.error}</p>
        </section>
      )}
      {runs.length === 0 ? null : <Simulations runs={runs} />}
    </Page>,
  );
});

function InForce({ policy, newest }: { policy: EffectivePolicy; newest: PolicyRow | null }) {
  return (
    <Panel title="It holds now">
      {policy.origin === "applied" && newest ? (
        <p>
          It was put in force on <Time at={newest.created_at} precision="minute" /> by{" "}
          <a href={`/dashboard/batches/${newest.batch_id}`}>a batch, which can be undone</a>. It holds until a deploy
          changes the variable POLICY.
        </p>
      ) : (
        <p>As the variable POLICY says.</p>
      )}
      <Facts>
        <PolicyFacts policy={writtenInFull(policy.text) ?? {}} />
      </Facts>
    </Panel>
  );
}

interface DraftFormProps {
  /** JSON. */
  readonly policy: string;
  readonly token: string;
  readonly problem: string | null;
  readonly isReclassifying: boolean;
}

function DraftForm({ policy, token, problem, isReclassifying }: DraftFormProps) {
  const stated = JSON.parse(policy) as Readonly<Record<string, unknown>>;
  return (
    <Panel title="What if it were another one?">
      {problem === null ? null : <p class="notice bad">Nothing was done. {problem}</p>}
      <form method="post" action={`${POLICY_PATH}/simulate`} class="stack">
        <FormToken token={token} />
        <PolicyFields policy={writtenInFull(stated) ?? stated} />
        <label class="check">
          <input type="checkbox" name="reclassify" value="yes" checked={isReclassifying} />
          Decide classes of recorded bounces anew, with today's rules
        </label>
        <div class="actions">
          <button class="primary" type="submit">
            Simulate
          </button>
        </div>
        <p class="soft small">Nothing is changed by that: it is tried on everything that is on record.</p>
      </form>
    </Panel>
  );
}

function Simulations({ runs }: { runs: readonly PolicyRunRow[] }) {
  return (
    <Panel title="Simulated lately">
      <ul>
        {runs.map((run) => (
          <li>
            <a href={`${POLICY_PATH}/simulations/${run.id}`}>
              <Time at={run.created_at} precision="minute" />
            </a>{" "}
            <Foreign text={run.policy} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

policyRoutes.post(`${POLICY_PATH}/simulate`, async (c) => {
  const form = await c.req.parseBody();
  const policy = policyIn(form, writtenInFull({}) ?? {});
  const reclassify = textIn(form, "reclassify", 10) === "yes";
  const { requestId } = c.env;
  const run = await simulate(c.env, { policy, reclassify }, { actor: actorOf(c), requestId });
  if (run.ok) return c.redirect(`${POLICY_PATH}/simulations/${run.value.id}`, 303);
  const frame = await frameOf(c, { title: "Policy", path: POLICY_PATH });
  const again = { token: frame.formToken, problem: run.error.detail, isReclassifying: reclassify };
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Policy</h1>
      </div>
      <DraftForm policy={policyText(policy)} {...again} />
    </Page>,
    422,
  );
});

policyRoutes.post(`${POLICY_PATH}/simulations/:id/apply`, async (c) => {
  const form = await c.req.parseBody();
  const simulationId = c.req.param("id");
  const { requestId } = c.env;
  const note = textIn(form, "note", MAX_NOTE_LENGTH) ?? null;
  const outcome = await applyPolicy(c.env, { wanted: { simulationId }, note, actor: actorOf(c), requestId });
  if (!outcome.ok) {
    const done =
      outcome.error.type === "busy" ? "policy-busy" : outcome.error.type === "unknown" ? "not-found" : "failed";
    return c.redirect(withDone(POLICY_PATH, { done }), 303);
  }
  const done = outcome.value.status === "recorded" ? "policy-applied" : "policy-applying";
  return c.redirect(withDone(`/dashboard/batches/${outcome.value.id}`, { done }), 303);
});
