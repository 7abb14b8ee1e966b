/** One D1 database: a single thread, which takes one batch after the other, and nothing while it is out. */
export class Database {
  freeAt = 0;
  busyMs = 0;
  bytes = 0;
  refused = 0;
  /** What is recorded and waits to be applied, in order. */
  pending = [];

  constructor(parameters, outage) {
    this.parameters = parameters;
    this.outage = outage;
  }

  write(now, rows) {
    return this.#run(now, this.parameters.writeMs + rows * this.parameters.rowMs);
  }

  read(now) {
    return this.#run(now, this.parameters.readMs);
  }

  /**
   * @returns when it is done, and whether the answer gets out: what an outage catches in the middle is done, and nobody
   *   hears of it. `null`: refused
   */
  #run(now, ms) {
    const isOut = now >= this.outage.from && now < this.outage.until;
    if (isOut || this.freeAt - now > this.parameters.maxWaitMs) {
      this.refused++;
      return null;
    }
    const start = Math.max(now, this.freeAt);
    this.freeAt = start + ms;
    this.busyMs += ms;
    const isCaught = this.freeAt >= this.outage.from && start < this.outage.from;
    return { at: this.freeAt, isHeard: !isCaught };
  }
}
