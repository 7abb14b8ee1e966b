/**
 * A POP3 server as the tests play it (RFC 1939), with habits that a real one should not have. It answers lines; who
 * carries them, a socket or a wire inside the test, is not its business.
 */

export interface StoredMail {
  readonly uidl: string;
  /** As it was delivered. */
  readonly bytes: Uint8Array;
}

/** What this server does otherwise than others. */
export interface Habits {
  readonly user?: string;
  readonly password?: string;
  readonly greeting?: string;
  /** Ends its lines, and those of its mails, with this. */
  readonly lineEnd?: "\r\n" | "\n";
  readonly offersStartTls?: boolean;
  /** The size in LIST. */
  readonly announce?: (mail: StoredMail) => number | string;
  /** Answers a command in its own way; `undefined`: as usual. */
  readonly instead?: (command: string) => string | Uint8Array | undefined;
}

export interface Answer {
  readonly bytes: Uint8Array;
  /** The next bytes are a TLS handshake. */
  readonly startsTls?: boolean;
  /** It hangs up. */
  readonly ends?: boolean;
}

/** A mailbox on a server, across sessions. */
export class Maildrop {
  mails: StoredMail[];
  /** Every command it was sent, in all sessions, secrets included. */
  readonly commands: string[] = [];

  constructor(
    mails: readonly StoredMail[],
    readonly habits: Habits = {},
  ) {
    this.mails = [...mails];
  }

  get uidls(): string[] {
    return this.mails.map(({ uidl }) => uidl);
  }

  /** How often a command came. */
  count(command: string): number {
    return this.commands.filter((line) => line === command || line.startsWith(`${command} `)).length;
  }
}

export class Dialogue {
  readonly #mails: readonly StoredMail[];
  readonly #deleted = new Set<number>();
  #user = "";
  #isSignedIn = false;
  #awaitsCredentials = false;

  constructor(private readonly drop: Maildrop) {
    this.#mails = [...drop.mails];
  }

  greeting(): Uint8Array {
    return this.#line(this.drop.habits.greeting ?? "+OK POP3 ready");
  }

  /** @param line without its line break */
  answer(line: string): Answer {
    this.drop.commands.push(line);
    const instead = this.drop.habits.instead?.(line);
    if (instead !== undefined) return { bytes: typeof instead === "string" ? this.#line(instead) : instead };
    if (this.#awaitsCredentials) return this.#signInWith(atob(line).split("\0"));
    const [command = "", argument = ""] = split(line);
    if (command === "STLS" && this.drop.habits.offersStartTls) {
      return { bytes: this.#line("+OK begin TLS"), startsTls: true };
    }
    if (command === "QUIT") return this.#quit();
    if (!this.#isSignedIn) return this.#signIn(command, argument);
    return { bytes: this.#transaction(command, Number(argument)) };
  }

  #signIn(command: string, argument: string): Answer {
    if (command === "USER") {
      this.#user = argument;
      return this.#say("+OK");
    }
    if (command === "AUTH" && argument === "PLAIN") {
      this.#awaitsCredentials = true;
      return this.#say("+ ");
    }
    return command === "PASS" ? this.#signInWith(["", this.#user, argument]) : this.#say("-ERR sign in first");
  }

  #signInWith([, user, password]: readonly string[]): Answer {
    const { habits } = this.drop;
    this.#awaitsCredentials = false;
    this.#isSignedIn = user === (habits.user ?? "bounces") && password === (habits.password ?? "secret");
    return this.#say(this.#isSignedIn ? "+OK" : "-ERR [AUTH] no such user or password");
  }

  #transaction(command: string, number: number): Uint8Array {
    const mail = this.#deleted.has(number) ? undefined : this.#mails[number - 1];
    const { announce = ({ bytes }: StoredMail) => bytes.length } = this.drop.habits;
    if (command === "LIST") return this.#list((one) => announce(one));
    if (command === "UIDL") return this.#list((one) => one.uidl);
    if (command === "RETR" && mail) return joined(this.#line("+OK"), this.#stuffed(mail.bytes));
    if (command === "DELE" && mail) {
      this.#deleted.add(number);
      return this.#line("+OK");
    }
    return this.#line(`-ERR no such ${/^(?:RETR|DELE)$/.test(command) ? "message" : "command"}`);
  }

  /** Only now are the marked mails gone. */
  #quit(): Answer {
    const gone = new Set(this.#mails.filter((_, index) => this.#deleted.has(index + 1)));
    this.drop.mails = this.drop.mails.filter((mail) => !gone.has(mail));
    return { bytes: this.#line("+OK bye"), ends: true };
  }

  #list(of: (mail: StoredMail) => string | number): Uint8Array {
    const rows = this.#mails.flatMap((mail, index) =>
      this.#deleted.has(index + 1) ? [] : [`${index + 1} ${of(mail)}`],
    );
    return joined(...["+OK", ...rows, "."].map((row) => this.#line(row)));
  }

  #stuffed(bytes: Uint8Array): Uint8Array {
    const end = this.drop.habits.lineEnd ?? "\r\n";
    const text = binaryText(bytes);
    const whole = text === "" || text.endsWith(end) ? text : `${text}${end}`;
    return binaryBytes(`${`${end}${whole}`.replaceAll(`${end}.`, `${end}..`).slice(end.length)}.${end}`);
  }

  #say(text: string): Answer {
    return { bytes: this.#line(text) };
  }

  #line(text: string): Uint8Array {
    return binaryBytes(`${text}${this.drop.habits.lineEnd ?? "\r\n"}`);
  }
}

/** A mail whose lines end as they should. */
export function mailOf(uidl: string, text: string): StoredMail {
  return { uidl, bytes: binaryBytes(text.replaceAll("\n", "\r\n")) };
}

/** One character a byte. */
export function binaryBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export function binaryText(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 8_192) parts.push(String.fromCharCode(...bytes.subarray(at, at + 8_192)));
  return parts.join("");
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function split(line: string): [string, string] {
  const at = line.indexOf(" ");
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
}
