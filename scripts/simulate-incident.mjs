/**
 * `npm run simulate:incident`: how many good addresses an outage suppresses, with the guard and without. It starts the
 * worker twice on stores of its own and plays a normal day, a bad list and an outage on it, through its own API.
 *
 * Environment:
 *   RECIPIENTS   who are mailed (5000)
 *
 * Each recipient that has something to decide is an object of its own, which the simulator keeps on the disk.
 */
import { Problem, run } from "./project.mjs";
import { Service } from "./scale/service.mjs";

/** Events of a request: few, as in most webhooks, so that a burst is noticed while it comes in. */
const BATCH = 20;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Of a hundred addresses so many have died since they were last mailed. */
const DEAD_OF_HUNDRED = 2;
/** Shares of receivers on a list of consumers, in percent; the others have domains of their own. */
const RECEIVERS = [
  ["mail.example.com", 50],
  ["post.example.net", 25],
  ["inbox.example.org", 10],
];
const OTHER_RECEIVERS = 60;
/** What a receiver says of a mailbox that does not exist; some said it of every mailbox while something was broken. */
const NO_SUCH_USER = "550 5.1.1 The email account that you tried to reach does not exist";

const STORIES = [
  ["a normal day: 2 % have died", normalDay],
  ["a bad list: half as many addresses, all dead and never mailed", badList],
  ["an outage: every message comes back", outage],
];

await run(async () => {
  const recipients = Number(process.env.RECIPIENTS || "5000");
  if (!Number.isInteger(recipients) || recipients < 1) throw new Problem("RECIPIENTS must be a whole number above 0.");
  for (const [title, vars] of [
    ["With the guard", ""],
    ["Without it", "[vars.POLICY.guard]\nenabled = false"],
  ]) {
    console.log(`\n${title}, ${recipients} recipients`);
    await playAll(vars, recipients);
  }
});
process.exit();

/** Each story on stores of its own. */
async function playAll(vars, recipients) {
  for (const [title, play] of STORIES) {
    const service = new Service();
    try {
      await service.start(vars);
      const all = Array.from({ length: recipients }, (_, i) => addressOf("good", i));
      await tell(
        service,
        all.map((recipient) => delivered(recipient, Date.now() - 7 * DAY_MS)),
      );
      await play(service, all);
      console.log(`  ${title}\n    ${await outcomeOf(service)}`);
      if (await dropAll(service)) console.log(`    dropped and released: ${await outcomeOf(service)}`);
    } finally {
      await service.stop();
    }
  }
}

async function normalDay(service, all) {
  const isDead = (i) => i % 100 < DEAD_OF_HUNDRED;
  await tell(
    service,
    all.map((recipient, i) => (isDead(i) ? bounced(recipient, i) : delivered(recipient, momentOf(i)))),
  );
}

async function badList(service, all) {
  await tell(
    service,
    all.slice(0, all.length / 2).map((_, i) => bounced(addressOf("dead", i), i)),
  );
}

async function outage(service, all) {
  await tell(
    service,
    all.map((recipient, i) => bounced(recipient, i)),
  );
}

function addressOf(kind, i) {
  const share = (i * 37) % 100;
  let upTo = 0;
  for (const [domain, percent] of RECEIVERS) {
    upTo += percent;
    if (share < upTo) return `${kind}${i}@${domain}`;
  }
  return `${kind}${i}@shop${i % OTHER_RECEIVERS}.example.com`;
}

/** Messages go out within twenty minutes. */
function momentOf(i) {
  return Date.now() - 20 * MINUTE_MS + i * 100;
}

function delivered(recipient, at) {
  return { kind: "delivered", recipient, occurredAt: new Date(at).toISOString(), messageId: `${recipient}-${at}` };
}

function bounced(recipient, i) {
  const at = momentOf(i);
  return { ...delivered(recipient, at), kind: "bounced", diagnosticCode: NO_SUCH_USER };
}

async function tell(service, events) {
  for (let i = 0; i < events.length; i += BATCH) await service.post("/v1/events", events.slice(i, i + BATCH));
  for (let pending = 1; pending > 0; ) {
    await service.post("/v1/reconcile", {});
    pending = (await (await service.fetch("/health")).json()).pending;
  }
}

/** What a person does who sees that it was an outage. @returns was there anything to decide? */
async function dropAll(service) {
  const { items } = await (await service.fetch("/v1/incidents?status=open")).json();
  for (const { id } of items) await service.post(`/v1/incidents/${id}/drop`, { releaseSuppressed: true });
  await tell(service, []);
  return items.length > 0;
}

async function outcomeOf(service) {
  const db = await service.database();
  const suppressed = (kind) =>
    db
      .prepare("SELECT count(*) AS n FROM recipients WHERE suppressed = 1 AND address LIKE ?1")
      .bind(`${kind}%`)
      .first("n");
  const { items } = await (await service.fetch("/v1/incidents")).json();
  const held = items.reduce((sum, incident) => sum + incident.held, 0);
  const [good, dead] = [await suppressed("good"), await suppressed("dead")];
  return `suppressed: ${good} who were mailed before, ${dead} who never were; incidents: ${items.length}, held: ${held}`;
}
