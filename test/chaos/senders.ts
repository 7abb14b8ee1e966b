/** Senders that post in parallel and try again until they are heard, as providers do. */
import { setTimeout as sleep } from "node:timers/promises";
import { idOf, type Letter, letterOf, newLetter, type Said } from "./letters";
import type { Random } from "./random";

const REQUEST_TIMEOUT_MS = 60_000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1_000;
/** What is remembered to be repeated. */
const HEARD = 2_000;

export class Senders {
  /** Everything that was ever posted, acknowledged or not. */
  readonly posted = new Map<string, Said>();
  /** By `idOf`. */
  readonly acknowledged = new Map<string, Said>();
  requests = 0;
  /** Answers that no provider should see. */
  readonly unexpected: string[] = [];
  #heard: Said[] = [];
  #open: Promise<void>[] = [];
  #isWriting = false;

  constructor(
    private readonly random: Random,
    private readonly count: number,
    /** Where the worker is now; `""`: it is down. */
    private readonly url: () => string,
  ) {}

  /** Sends one letter after the other, until told to stop; what is not acknowledged by then is still tried again. */
  begin(): void {
    this.#isWriting = true;
    this.#open = Array.from({ length: this.count }, () => this.#work());
  }

  /** Nothing new is begun. */
  stop(): void {
    this.#isWriting = false;
  }

  /** Waits until everything was acknowledged. */
  async finished(): Promise<void> {
    this.stop();
    await Promise.all(this.#open);
  }

  async #work(): Promise<void> {
    while (this.#isWriting) await this.#untilHeard(this.#nextLetter());
  }

  /** Mostly news; now and then what was acknowledged already, in another grouping. */
  #nextLetter(): Letter {
    if (this.#heard.length < 50 || !this.random.chance(0.15)) return newLetter(this.random, this.#heard);
    const first = this.random.of(this.#heard);
    const length = first.source === "mailgun" ? 1 : this.random.between(1, 8);
    const others = Array.from({ length: length - 1 }, () => this.random.of(this.#heard));
    return letterOf(first.source, [first, ...others.filter(({ source }) => source === first.source)]);
  }

  async #untilHeard(letter: Letter): Promise<void> {
    for (const said of letter.says) this.posted.set(idOf(said), said);
    for (let waitMs = FIRST_RETRY_MS; !(await this.#post(letter)); waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS)) {
      await sleep(waitMs);
    }
  }

  /** @returns is it acknowledged? As soon as the status is here: a provider reads no further. */
  async #post({ path, headers, body, says }: Letter): Promise<boolean> {
    const url = this.url();
    if (!url) return false;
    this.requests++;
    try {
      const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
      const response = await fetch(`${url}${path}`, { method: "POST", headers, body, signal });
      if (response.ok) this.#acknowledge(says);
      else if (response.status !== 503) this.unexpected.push(`${path} ${response.status}: ${await response.text()}`);
      else if (!response.headers.has("retry-after"))
        this.unexpected.push(`${path}: a 503 that does not say until when`);
      await response.arrayBuffer().catch(() => undefined);
      return response.ok;
    } catch {
      return false;
    }
  }

  #acknowledge(says: readonly Said[]): void {
    for (const said of says) this.acknowledged.set(idOf(said), said);
    this.#heard = [...this.#heard, ...says].slice(-HEARD);
  }
}
