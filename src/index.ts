/** The composition root: the platform's handlers, and the only place that puts environment, clock and pipeline together. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { createApp } from "./app";
import { configOf, type Env } from "./config";
import type { Decision } from "./domain/decision";
import { handleEmail } from "./handlers/email";
import { handleQueue } from "./handlers/queue";
import { runScheduled } from "./handlers/scheduled";
import {
  type BindingAnswer,
  type BindingAnswers,
  type BindingOptions,
  checkByBinding,
  checkManyByBinding,
} from "./handlers/service-binding";
import { limitersOf } from "./http/limits";
import type { Services } from "./http/services";
import { createLogger, errorFields } from "./log";
import { openSocket } from "./mailbox/socket";
import { receiveMail } from "./pipeline/mail";
import { announce } from "./pipeline/notify";
import { effectivePolicy, inForce } from "./pipeline/policy";
import { project } from "./pipeline/project";
import { RecipientObject } from "./recipient/recipient";
import type { PolicyInForce } from "./recipient/rpc";

const app = createApp();

function servicesOf(env: Env, ctx: ExecutionContext): Services {
  const requestId = crypto.randomUUID();
  const log = createLogger({ requestId });
  const config = configOf(env);
  const newId = () => crypto.randomUUID();
  const basics = { db: env.DB, now: () => Date.now(), log, newId };
  return {
    ...basics,
    kv: env.SUPPRESSIONS,
    recipients: env.RECIPIENT,
    waitUntil: (work) => ctx.waitUntil(work),
    policy: config.policy,
    policyText: config.policyText,
    retention: config.retention,
    filterEveryMs: config.filterEveryMs,
    returnPathKeys: config.returnPathKeys,
    config,
    limiters: limitersOf({ failures: env.RATE_LIMITER, checks: env.CHECK_RATE_LIMITER }),
    requestId,
    announce: () => announce({ ...basics, allowPrivateTargets: config.allowPrivateTargets }),
    openWire: openSocket,
    receiveMail,
    onFailure: (error) => log.error("request.failed", errorFields(error)),
  };
}

/** One recipient's object; what time alone decides is published by its alarm. */
export class Recipient extends RecipientObject<Env> {
  protected override async publish(decision: Decision): Promise<void> {
    const deps = {
      db: this.env.DB,
      kv: this.env.SUPPRESSIONS,
      now: () => Date.now(),
      log: createLogger({ source: "alarm" }),
    };
    await project(deps, [{ decision, records: [] }]);
  }

  protected override async currentPolicy(): Promise<PolicyInForce | null> {
    const policy = await effectivePolicy({ db: this.env.DB, ...configOf(this.env) }).catch(() => null);
    return policy?.ok ? inForce(policy.value) : null;
  }
}

/** For other workers of the account: `env.SUPPRESSIONS.check("john@example.com")`. */
export class Suppressions extends WorkerEntrypoint<Env> {
  check(recipient: string, options?: BindingOptions): Promise<BindingAnswer> {
    return checkByBinding(servicesOf(this.env, this.ctx), recipient, options);
  }

  checkMany(recipients: readonly string[], options?: BindingOptions): Promise<BindingAnswers> {
    return checkManyByBinding(servicesOf(this.env, this.ctx), recipients, options);
  }
}

export default {
  fetch: (request: Request, env: Env, ctx: ExecutionContext) => app.fetch(request, { ...servicesOf(env, ctx) }, ctx),
  email: (message: ForwardableEmailMessage, env: Env, ctx: ExecutionContext) =>
    handleEmail(servicesOf(env, ctx), message),
  queue: (batch: MessageBatch, env: Env, ctx: ExecutionContext) =>
    handleQueue(servicesOf(env, ctx), batch, () => crypto.randomUUID()),
  scheduled: (_controller: ScheduledController, env: Env, ctx: ExecutionContext) => {
    const services = servicesOf(env, ctx);
    return runScheduled(services, services.config);
  },
};
