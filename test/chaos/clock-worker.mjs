/** The built worker with a clock that a test sets: its objects run in the same isolate, and see the same clock. */
import worker, { Recipient, Suppressions } from "./index.js";

export { Recipient, Suppressions };

const real = Date.now.bind(Date);
let aheadMs = null;
Date.now = () => real() + (aheadMs ?? 0);

/** It starts as the environment says. `POST /__clock?ms=…` moves it. */
function clockOf(env) {
  aheadMs ??= env.CLOCK_AHEAD_MS;
}

export default {
  fetch: (request, env, ctx) => {
    clockOf(env);
    const url = new URL(request.url);
    if (url.pathname !== "/__clock") return worker.fetch(request, env, ctx);
    aheadMs = Number(url.searchParams.get("ms"));
    return new Response();
  },
  scheduled: (controller, env, ctx) => {
    clockOf(env);
    return worker.scheduled(controller, env, ctx);
  },
};
