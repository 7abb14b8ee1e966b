/** Dovecot, a real POP3 server, on ports and data of its own. Debian's package: dovecot-pop3d. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { trustedCertificate } from "../support/node/certificate.ts";
import { freePort, somebodyListens } from "./local-service";

const START_TIMEOUT_MS = 15_000;
/** Where Debian puts it is not in everybody's path. */
const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
export const PASSWORD = "secret phrase, with spaces";

/** Why Dovecot cannot be used here; `null`: it can. */
export function whyNoDovecot(): string | null {
  const { stdout, error } = spawnSync("dovecot", ["--version"], { encoding: "utf8", env: ENV });
  if (error) return "Dovecot is not installed (apt-get install dovecot-pop3d)";
  return stdout.startsWith("2.3.") ? null : `Dovecot ${stdout.trim()} wants another configuration than 2.3`;
}

interface Owner {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export class Dovecot {
  /** Mails are readable to everybody on the way there: Dovecot drops to another user. */
  readonly #directory = mkdtempSync(path.join(tmpdir(), "bouncekeeper-dovecot-"));
  readonly #owner = ownerOfMails();
  #child: ChildProcess | undefined;

  private constructor(
    readonly plainPort: number,
    readonly tlsPort: number,
  ) {
    chmodSync(this.#directory, 0o755);
    writeFileSync(this.#file("dovecot.conf"), this.#configuration());
    writeFileSync(this.#file("users"), "");
  }

  static async start(): Promise<Dovecot> {
    const dovecot = new Dovecot(await freePort(), await freePort());
    await dovecot.run();
    return dovecot;
  }

  /** Also after `stop`. */
  async run(): Promise<void> {
    const child = spawn("dovecot", ["-F", "-c", this.#file("dovecot.conf")], { stdio: "ignore", env: ENV });
    this.#child = child;
    for (const end = Date.now() + START_TIMEOUT_MS; !(await somebodyListens(this.tlsPort)); ) {
      if (child.exitCode !== null || Date.now() > end) throw new Error(`Dovecot did not start:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get log(): string {
    return readFileSync(this.#file("dovecot.log"), "utf8");
  }

  addUser(user: string): void {
    writeFileSync(this.#file("users"), `${user}:{PLAIN}${PASSWORD}::::::\n`, { flag: "a" });
    for (const folder of ["", "Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp"]) {
      const directory = path.join(this.#homeOf(user), folder);
      mkdirSync(directory, { recursive: true });
      chownSync(directory, this.#owner.uid, this.#owner.gid);
    }
  }

  /** Puts a mail where a mail server would. */
  deliver(user: string, name: string, bytes: Uint8Array): void {
    const file = path.join(this.#homeOf(user), "Maildir/new", name);
    writeFileSync(file, bytes);
    chownSync(file, this.#owner.uid, this.#owner.gid);
  }

  /** How many mails a user has. */
  mailCount(user: string): number {
    return ["new", "cur"].flatMap((folder) => readdirSync(path.join(this.#homeOf(user), "Maildir", folder))).length;
  }

  #file(name: string): string {
    return path.join(this.#directory, name);
  }

  #homeOf(user: string): string {
    return path.join(this.#directory, "home", user);
  }

  #configuration(): string {
    const { certificate, key } = trustedCertificate();
    const { name, uid, gid } = this.#owner;
    // Dovecot gives up root where it can; without root it stays who it is, and may not change its root either.
    const identity = isRoot()
      ? ""
      : `default_internal_user = ${name}\ndefault_login_user = ${name}\ndefault_internal_group = ${userGroup()}`;
    return `
base_dir = ${this.#file("run")}
state_dir = ${this.#file("state")}
log_path = ${this.#file("dovecot.log")}
${identity}
listen = 127.0.0.1
protocols = pop3
ssl = yes
ssl_cert = <${certificate}
ssl_key = <${key}
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = maildir:~/Maildir
pop3_lock_session = yes
first_valid_uid = ${uid}
passdb {
  driver = passwd-file
  args = ${this.#file("users")}
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${this.#file("home")}/%u
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service pop3-login {
  chroot =
  inet_listener pop3 {
    port = ${this.plainPort}
  }
  inet_listener pop3s {
    port = ${this.tlsPort}
    ssl = yes
  }
}
`;
  }
}

function isRoot(): boolean {
  return userInfo().uid === 0;
}

function userGroup(): string {
  return spawnSync("id", ["-gn"], { encoding: "utf8" }).stdout.trim();
}

/** Dovecot serves no mails of root's. */
function ownerOfMails(): Owner {
  const { username, uid, gid } = userInfo();
  return isRoot() ? { name: "nobody", uid: 65_534, gid: 65_534 } : { name: username, uid, gid };
}
