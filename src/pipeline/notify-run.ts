/**
 * A run over one subscription: rounds of attempts, and what they come to.
 *
 * Each round is about different recipients, so that one success shows that the receiver works and a failure is the
 * message's own: it goes into the outbox, and later messages of the same recipient wait there behind it. Where nothing of
 * a round was delivered, the receiver may be in trouble: then nothing is moved, and the subscription pauses where it is.
 */
import type { Message } from "../domain/notification";
import {
  backOffMs,
  GIVE_UP_AFTER_MS,
  judgeRound,
  MESSAGE_BACK_OFF,
  MIN_ROUNDS_TO_GIVE_UP,
  type Outcome,
  RECEIVER_BACK_OFF,
  type RoundVerdict,
} from "../domain/retry";
import { type Lease, LeaseLost } from "../store/lease";
import { type Notification, noteStanding, type Standing } from "../store/notifications";
import { type Attempt, dueItems, noteRounds, type OutboxEntry, type OutboxItem } from "../store/outbox";
import { Backlog } from "./backlog";
import { deliver } from "./deliver";
import { inParallel } from "./in-parallel";
import { messagesAt } from "./told-messages";

/** What a run may do. */
export interface NotifyLimits {
  /** No round begins later than this after the run began. */
  readonly budgetMs: number;
  /** Of one attempt. */
  readonly timeoutMs: number;
  /** Messages that one run attempts, of one subscription. */
  readonly messagesPerRun: number;
  /** Rows of the journal looked at in one statement, and messages of a page. */
  readonly stretch: number;
  readonly page: number;
}

/** Different recipients of one round. With fewer, one bad message is hard to tell from a bad receiver. */
const ROUND_MESSAGES = 4;
/** Of them, at most so many that failed before, where there are new ones. */
const ROUND_RETRIES = 2;
/** What was delivered is noted at least this often: a run that is cut off repeats no more than that. */
const NOTE_AFTER_MESSAGES = 20;
const RETRIES_PER_READ = 20;

/** Longer than any run takes. It only matters when one dies. */
export const LEASE_MS = 3 * 60_000;

interface RunDeps {
  readonly db: D1Database;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Something to be attempted: from the logs, or from the outbox. */
interface Task {
  readonly message: Message;
  readonly item: OutboxItem | null;
}

interface Attempted {
  readonly outcome: Outcome;
  readonly durationMs: number;
}

export interface RunCounts {
  delivered: number;
  failed: number;
}

/** One run under one lease: `go`, then `end`, whatever became of it. */
export class NotifyRun {
  readonly counts: RunCounts = { delivered: 0, failed: 0 };
  readonly #deps: RunDeps;
  readonly #lease: Lease;
  readonly #notification: Notification;
  readonly #limits: NotifyLimits;
  readonly #backlog: Backlog;
  #standing: Omit<Standing, "places">;
  #retries: Task[] = [];
  #mayHaveRetries = true;
  #queued: OutboxEntry[] = [];
  #done: number[] = [];
  #failed: OutboxItem[] = [];
  #attempts: Attempt[] = [];

  constructor(deps: RunDeps, lease: Lease, notification: Notification, limits: NotifyLimits) {
    this.#deps = deps;
    this.#lease = lease;
    this.#notification = notification;
    this.#limits = limits;
    this.#backlog = new Backlog(deps.db, notification, { stretch: limits.stretch, messages: limits.page });
    this.#standing = notification;
  }

  /**
   * Rounds until nothing is left, the receiver fails, or the budget is used up.
   *
   * @param checkTarget before the first attempt; `null`: it may be told, else why not
   * @param atOnce attempts at the same time
   * @throws when a store failed: what was delivered and not noted is delivered again
   */
  async go(checkTarget: () => Promise<string | null>, atOnce: number): Promise<void> {
    const endsAt = this.#deps.now() + this.#limits.budgetMs;
    let isChecked = false;
    for (let attempted = 0; attempted < this.#limits.messagesPerRun && this.#deps.now() < endsAt; ) {
      const tasks = await this.#nextRound();
      if (!tasks.length && !this.#mayHaveRetries && !this.#backlog.hasMore) break;
      if (!tasks.length) continue;
      const obstacle = isChecked ? null : await checkTarget();
      if (obstacle !== null) return this.#pause(obstacle);
      isChecked = true;
      const verdict = await this.#round(tasks, atOnce);
      if (verdict === "down" || verdict === "gone") return;
      attempted += tasks.length;
      if (this.#attempts.length >= NOTE_AFTER_MESSAGES) await this.#note(this.#deps.now() + LEASE_MS);
    }
    if (this.#backlog.isFull) this.#failedWith("The outbox is full: too much was refused.");
  }

  /** Notes how far it has come, and gives the lease back. */
  async end(): Promise<void> {
    await this.#note(0);
  }

  async #nextRound(): Promise<Task[]> {
    await this.#readRetries();
    await this.#backlog.fill();
    this.#queueHeld();
    const retries = this.#retries.slice(0, ROUND_RETRIES);
    const subjects = (tasks: readonly Task[]) => new Set(tasks.map(({ message }) => message.subject));
    const fresh = this.#backlog.take(ROUND_MESSAGES - retries.length, subjects(retries));
    const more = this.#retries.slice(retries.length, ROUND_MESSAGES - fresh.length);
    return [...retries, ...more, ...fresh.map((message) => ({ message, item: null }))];
  }

  /** Of each recipient the first that waits, composed anew. What is gone from the logs is told to nobody any more. */
  async #readRetries(): Promise<void> {
    if (this.#retries.length || !this.#mayHaveRetries) return;
    if (this.#hasNotes()) await this.#note(this.#deps.now() + LEASE_MS);
    const items = await dueItems(this.#deps.db, this.#notification.id, this.#deps.now(), RETRIES_PER_READ);
    const messages = await messagesAt(this.#deps.db, items);
    this.#retries = items.flatMap((item) => {
      const message = messages.find(({ stream, seq }) => stream === item.stream && seq === item.seq);
      if (!message) this.#done.push(item.id);
      return message ? [{ message, item }] : [];
    });
    this.#mayHaveRetries = items.length === RETRIES_PER_READ || items.length > this.#retries.length;
  }

  #queueHeld(): void {
    for (const message of this.#backlog.takeHeld()) {
      this.#queued.push(entryOf(message, { attempts: 0, firstAttemptAt: null, nextAttemptAt: 0 }));
      this.#mayHaveRetries = true;
    }
  }

  async #round(tasks: readonly Task[], atOnce: number): Promise<RoundVerdict> {
    const attempted = await inParallel(tasks, atOnce, (task) => this.#attempt(task));
    const outcomes = attempted.map(({ outcome }) => outcome);
    // Messages that failed before say little about the receiver: each has waits of its own, and is given up by itself.
    const isRetry = tasks.every(({ item }) => item !== null);
    const verdict = judgeRound(outcomes, isRetry ? 0 : this.#standing.failures);
    const isMoving = verdict === "up" || verdict === "refused" || (verdict === "down" && isRetry);
    tasks.forEach((task, i) => {
      const { outcome, durationMs } = attempted[i] as Attempted;
      this.#settle(task, outcome, durationMs, isMoving);
    });
    if (isMoving) this.#retries = this.#retries.filter((task) => !tasks.includes(task));
    this.#stand(verdict, outcomes.filter(isFailure), isRetry);
    return verdict;
  }

  async #attempt({ message }: Task): Promise<Attempted> {
    const startedAt = this.#deps.now();
    const outcome = await deliver(this.#notification, message, startedAt, this.#limits.timeoutMs);
    return { outcome, durationMs: this.#deps.now() - startedAt };
  }

  #settle({ message, item }: Task, outcome: Outcome, durationMs: number, isMoving: boolean): void {
    const failed = isFailure(outcome) ? this.#entryAfter(message, item, outcome) : null;
    this.#attempts.push({
      at: this.#deps.now(),
      messageId: message.id,
      type: message.type,
      subject: message.subject,
      attempt: (item?.attempts ?? 0) + 1,
      outcome: failed === null ? "delivered" : isMoving && failed.parkedAt !== null ? "parked" : "failed",
      status: outcome.status,
      error: isFailure(outcome) ? outcome.error : null,
      durationMs,
    });
    this.counts[failed === null ? "delivered" : "failed"]++;
    if (!isMoving) return;
    // The next message of this recipient, if one waits, is the first now.
    if (item) this.#mayHaveRetries = true;
    if (failed === null) {
      if (item) this.#done.push(item.id);
    } else if (item) this.#failed.push({ ...failed, id: item.id });
    else {
      this.#queued.push(failed);
      this.#backlog.hold(message.subject);
    }
    if (!item) this.#backlog.settle(message);
  }

  /** How a message waits in the outbox after it failed once more. */
  #entryAfter(message: Message, item: OutboxItem | null, outcome: Failure): OutboxEntry {
    const now = this.#deps.now();
    const attempts = (item?.attempts ?? 0) + 1;
    const firstAttemptAt = item?.firstAttemptAt ?? now;
    const waitMs = Math.max(backOffMs(MESSAGE_BACK_OFF, attempts, message.id), retryAfterOf(outcome) ?? 0);
    const isOver = now - firstAttemptAt >= GIVE_UP_AFTER_MS;
    const wait = { attempts, firstAttemptAt, nextAttemptAt: now + waitMs };
    return { ...entryOf(message, wait), parkedAt: isOver ? now : null, error: outcome.error };
  }

  #stand(verdict: RoundVerdict, failures: readonly Failure[], isRetry: boolean): void {
    const [failure] = failures;
    if (failure) this.#failedWith(failure.error);
    if (verdict === "up") {
      const now = this.#deps.now();
      this.#standing = { ...this.#standing, failures: 0, failingSince: null, nextAttemptAt: 0, lastDeliveredAt: now };
    } else if (verdict === "gone") {
      this.#countFailure();
      this.#standing = { ...this.#standing, status: "gone" };
    } else if (!isRetry) {
      if (verdict === "refused") this.#countFailure();
      else this.#pause(failure?.error ?? "", Math.max(0, ...failures.map((other) => retryAfterOf(other) ?? 0)));
    }
  }

  /** Leaves the receiver alone for a while; after three days of that, for good. */
  #pause(error: string, retryAfterMs = 0): void {
    this.#failedWith(error);
    this.#countFailure();
    const now = this.#deps.now();
    const { failures, failingSince, status } = this.#standing;
    const waitMs = Math.max(backOffMs(RECEIVER_BACK_OFF, failures, this.#notification.id), retryAfterMs);
    const isOver = failures >= MIN_ROUNDS_TO_GIVE_UP && now - (failingSince ?? now) >= GIVE_UP_AFTER_MS;
    this.#standing = { ...this.#standing, nextAttemptAt: now + waitMs, status: isOver ? "stopped" : status };
  }

  #countFailure(): void {
    const { failures, failingSince } = this.#standing;
    this.#standing = {
      ...this.#standing,
      failures: failures + 1,
      failingSince: failingSince ?? this.#deps.now(),
    };
  }

  #failedWith(error: string): void {
    this.#standing = { ...this.#standing, lastError: error, lastErrorAt: this.#deps.now() };
  }

  #hasNotes(): boolean {
    return [this.#queued, this.#done, this.#failed, this.#attempts].some((list) => list.length > 0);
  }

  /** @param until of the lease; 0: it is given back @throws LeaseLost, or when D1 failed */
  async #note(until: number): Promise<void> {
    const rounds = { queued: this.#queued, done: this.#done, failed: this.#failed, attempts: this.#attempts };
    const standing = { ...this.#standing, places: this.#backlog.places };
    const results = await this.#deps.db.batch([
      ...noteRounds(this.#deps.db, this.#lease, rounds),
      noteStanding(this.#deps.db, { ...this.#lease, until }, standing),
    ]);
    if (results.at(-1)?.meta.changes !== 1) throw new LeaseLost();
    this.#queued = [];
    this.#done = [];
    this.#failed = [];
    this.#attempts = [];
  }
}

type Failure = Exclude<Outcome, { readonly type: "delivered" }>;

function isFailure(outcome: Outcome): outcome is Failure {
  return outcome.type !== "delivered";
}

function retryAfterOf(outcome: Failure): number | null {
  return outcome.type === "gone" ? null : outcome.retryAfterMs;
}

function entryOf(
  { stream, seq, id, type, subject }: Message,
  wait: Pick<OutboxEntry, "attempts" | "firstAttemptAt" | "nextAttemptAt">,
): OutboxEntry {
  return { stream, seq, messageId: id, type, subject, ...wait, parkedAt: null, error: null };
}
