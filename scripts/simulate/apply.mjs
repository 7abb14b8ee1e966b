/** From what is recorded to what is in effect: objects decide, databases project. At once, by a queue, by the cron. */
const MINUTE_MS = 60_000;

export class Appliers {
  #world;
  #queues;
  #hotFreeAt;
  #hasCron = false;

  constructor(world, hasQueue) {
    this.#world = world;
    this.#queues = hasQueue ? world.databases.map(() => newQueue()) : null;
    this.#hotFreeAt = new Float64Array(world.parameters.hotRecipients);
  }

  /** What of a part concerns its recipients. */
  apply({ index, count }, at) {
    const { chance, parameters, counts } = this.#world;
    const work = { index, recordedAt: at, others: 0, hot: [] };
    for (let i = 0; i < count; i++) {
      const dice = chance.next();
      if (dice < parameters.hotShare) work.hot.push(chance.below(parameters.hotRecipients));
      else if (dice < parameters.hotShare + parameters.pendingShare) work.others++;
    }
    const size = sizeOf(work);
    counts.skipped += count - size;
    counts.toApply += size;
    if (!size) return;
    if (this.#queues) this.#enqueue(work, at);
    else this.#world.agenda.put(at, (now) => this.#inline(work, now));
  }

  /** As today: while the provider waits, or just after. */
  #inline(work, now) {
    const decidedAt = this.#decide([work], now);
    this.#world.agenda.put(decidedAt, (at) => {
      if (!this.#project(work.index, [work], at)) this.#leave(work, at);
    });
  }

  /** It stays pending, in sight of the cron. */
  #leave(work, now) {
    const { databases, depth } = this.#world;
    databases[work.index].pending.push(work);
    const waiting = databases.reduce((sum, { pending }) => sum + pending.length, 0);
    depth.pending = Math.max(depth.pending, waiting);
    this.#expectCron(now);
  }

  #expectCron(now) {
    if (this.#hasCron) return;
    this.#hasCron = true;
    this.#world.agenda.put((Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS, (at) => this.#cron(at));
  }

  /** Calls to the objects of some work, side by side but for those to the same object. @returns when all have decided */
  #decide(list, now) {
    const { parameters, counts } = this.#world;
    const others = list.reduce((sum, { others }) => sum + others, 0);
    const hot = new Set(list.flatMap((work) => work.hot));
    counts.objectCalls += others + hot.size;
    const waves = Math.ceil((others + hot.size) / parameters.waveRecipients);
    let decidedAt = now + waves * parameters.objectMs;
    for (const recipient of hot) {
      const start = Math.max(now, this.#hotFreeAt[recipient]);
      this.#hotFreeAt[recipient] = start + parameters.objectBusyMs;
      decidedAt = Math.max(decidedAt, start + parameters.objectBusyMs + parameters.objectMs);
    }
    return decidedAt;
  }

  /** @returns did it work? What is done and not heard of is done again: the same facts, the same decision. */
  #project(index, list, now) {
    const { databases, parameters, counts, lag } = this.#world;
    const size = list.reduce((sum, work) => sum + sizeOf(work), 0);
    const done = databases[index].write(now, size * parameters.rowsOfApplied);
    if (!done?.isHeard) return false;
    counts.applied += size;
    for (const work of list) lag.add(done.at - work.recordedAt, sizeOf(work));
    return true;
  }

  #cron(now) {
    this.#hasCron = false;
    const { databases } = this.#world;
    for (const [index, { pending }] of databases.entries()) if (pending.length) this.#drain(index, now, now);
    if (databases.some(({ pending }) => pending.length)) this.#expectCron(now);
  }

  /** A database's share of a cron run: wave after wave, until its time is over or the database refuses. */
  #drain(index, since, now) {
    const { databases, parameters, counts, agenda } = this.#world;
    const database = databases[index];
    if (!database.pending.length || now - since > parameters.cronBudgetMs) return;
    const wave = database.pending.splice(0, lengthOfWave(database.pending, parameters.waveRecipients));
    const read = database.read(now);
    const decidedAt = read ? this.#decide(wave, read.at) : now;
    agenda.put(decidedAt, (at) => {
      if (!read || !this.#project(index, wave, at)) {
        database.pending.unshift(...wave);
        this.#expectCron(at);
        return;
      }
      counts.cronApplied += wave.reduce((sum, work) => sum + sizeOf(work), 0);
      this.#drain(index, since, Math.max(at, database.freeAt));
    });
  }

  #enqueue(work, at) {
    this.#world.agenda.put(at, (now) => {
      const queue = this.#queues[work.index];
      if (!takes(queue, now, this.#world.parameters.queuePerSecond)) {
        this.#world.counts.queueRefused++;
        this.#leave(work, now);
        return;
      }
      this.#world.counts.queueMessages++;
      queue.waiting.push(work);
      this.#noteDepth();
      this.#wake(work.index, now);
    });
  }

  #noteDepth() {
    const depth = this.#queues.reduce((sum, { waiting, underway }) => sum + waiting.length + underway, 0);
    this.#world.depth.queue = Math.max(this.#world.depth.queue, depth);
  }

  /** A batch is delivered when it is full, or when its first message has waited long enough. */
  #wake(index, now) {
    const { parameters, agenda } = this.#world;
    const queue = this.#queues[index];
    while (queue.waiting.length >= parameters.queueBatch && queue.consumers < parameters.queueConsumers) {
      this.#consume(index, queue.waiting.splice(0, parameters.queueBatch), now);
    }
    if (!queue.waiting.length || queue.hasTimer) return;
    queue.hasTimer = true;
    agenda.put(now + parameters.queueWaitMs, (at) => {
      queue.hasTimer = false;
      if (queue.consumers < parameters.queueConsumers && queue.waiting.length) {
        this.#consume(index, queue.waiting.splice(0, parameters.queueBatch), at);
      }
      this.#wake(index, at);
    });
  }

  /** Reads what is pending of these receipts, asks the objects, projects all decisions at once. */
  #consume(index, batch, now) {
    const { databases, parameters, agenda, counts } = this.#world;
    const queue = this.#queues[index];
    queue.consumers++;
    queue.underway += batch.length;
    counts.queueDeliveries += batch.length;
    const read = databases[index].read(now);
    const decidedAt = read ? this.#decide(batch, read.at) : now + parameters.readMs;
    agenda.put(decidedAt, (at) => {
      queue.consumers--;
      const isDone = Boolean(read) && this.#project(index, batch, at);
      if (isDone) queue.underway -= batch.length;
      else {
        agenda.put(at + parameters.queueRetryMs, (then) => {
          queue.underway -= batch.length;
          queue.waiting.unshift(...batch);
          this.#wake(index, then);
        });
      }
      this.#wake(index, at);
    });
  }
}

const sizeOf = ({ others, hot }) => others + hot.length;

/** So many pieces of work that their events fill a wave. */
function lengthOfWave(pending, events) {
  let length = 0;
  for (let sum = 0; length < pending.length && sum < events; length++) sum += sizeOf(pending[length]);
  return length;
}

function newQueue() {
  return { waiting: [], underway: 0, consumers: 0, hasTimer: false, second: -1, taken: 0 };
}

/** A queue takes so many messages in each second. */
function takes(queue, now, perSecond) {
  const second = Math.floor(now / 1_000);
  if (queue.second !== second) Object.assign(queue, { second, taken: 0 });
  return queue.taken++ < perSecond;
}
