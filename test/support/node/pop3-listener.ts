/**
 * POP3 servers on this machine for tests that connect. The user's name says what is in the mailbox and what goes wrong:
 * its first word, up to a hyphen, is one of the scenarios.
 */
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import type { TestProject } from "vitest/node";
import type { Pop3Ports } from "../pop3-ports.ts";
import { binaryBytes, Dialogue, type Habits, Maildrop, mailOf, type StoredMail } from "../pop3-server.ts";
import { bounceMail, strayMail } from "../returned-mails.ts";
import { type CertificateFiles, makeCertificate, trustedCertificate } from "./certificate.ts";

const LARGE_BYTES = 30_000_000;
const FITTING_BYTES = 20_000_000;
const LOCKED_BYTES = 3_000_000;

interface Scenario {
  /** Lets nobody else in while a connection is open, as real servers do. */
  readonly locks?: boolean;
  readonly mails: readonly StoredMail[];
  readonly habits?: Habits;
  /** Hangs up, or falls silent, in the middle of this answer. */
  readonly breaksAt?: { readonly command: string; readonly by: "hanging up" | "silence" };
}

/** Large things are made once. */
const sizes = new Map<number, StoredMail>();

function mailOfSize(bytes: number): StoredMail {
  const made = sizes.get(bytes) ?? {
    uidl: "large",
    bytes: binaryBytes(`Subject: large\r\n\r\n${`${"x".repeat(70)}\r\n`.repeat(bytes / 72)}`),
  };
  sizes.set(bytes, made);
  return made;
}

const SMALL = mailOf("small", "Subject: small\n\n.dot\n.\nend\n");
const SCENARIOS: Readonly<Record<string, () => Scenario>> = {
  bounces: () => ({ mails: [bounceMail("bounce", "gone@pop3.example.net"), strayMail("stray")] }),
  forged: () => ({ mails: [bounceMail("forged", "somebody@pop3.example.net"), strayMail("stray")] }),
  mails: () => ({ mails: [SMALL, mailOf("other", "Subject: other\n\n")] }),
  fitting: () => ({ mails: [mailOfSize(FITTING_BYTES), SMALL] }),
  large: () => ({ mails: [mailOfSize(LARGE_BYTES), SMALL] }),
  locked: () => ({ mails: [mailOfSize(LOCKED_BYTES)], locks: true }),
  lying: () => ({ mails: [mailOfSize(LARGE_BYTES), SMALL], habits: { announce: () => 100 } }),
  cut: () => ({ mails: [SMALL], breaksAt: { command: "RETR 1", by: "hanging up" } }),
  silent: () => ({ mails: [SMALL], breaksAt: { command: "RETR 1", by: "silence" } }),
};

interface Mailbox extends Scenario {
  readonly drop: Maildrop;
  holder?: Socket;
}

const mailboxes = new Map<string, Mailbox>();

function mailboxOf(user: string): Mailbox {
  const known = mailboxes.get(user);
  if (known) return known;
  const scenario: Scenario = SCENARIOS[user.split("-")[0] ?? ""]?.() ?? { mails: [] };
  const mailbox = { ...scenario, drop: new Maildrop(scenario.mails, { ...scenario.habits, user }) };
  mailboxes.set(user, mailbox);
  return mailbox;
}

function converse(socket: Socket, files: CertificateFiles): void {
  let dialogue = new Dialogue(new Maildrop([], { offersStartTls: true }));
  let mailbox: Mailbox | undefined;
  let going = "";
  const listen = (stream: Socket) => {
    // Who hangs up in the middle is nobody's fault here.
    stream.on("error", () => stream.destroy());
    stream.on("data", (chunk: Buffer) => {
      going += chunk.toString("latin1");
      for (let end = going.indexOf("\r\n"); end >= 0; end = going.indexOf("\r\n")) {
        const line = going.slice(0, end);
        going = going.slice(end + 2);
        if (line.startsWith("USER ")) {
          mailbox = mailboxOf(line.slice(5));
          dialogue = new Dialogue(mailbox.drop);
        }
        if (line.startsWith("PASS ") && mailbox?.locks) {
          if (mailbox.holder && !mailbox.holder.destroyed) {
            stream.end("-ERR [IN-USE] somebody else is here\r\n");
            return;
          }
          mailbox.holder = socket;
        }
        const { bytes, startsTls, ends } = dialogue.answer(line);
        const by = line === mailbox?.breaksAt?.command ? mailbox.breaksAt.by : undefined;
        stream.write(by ? bytes.subarray(0, bytes.length / 2) : bytes, () => {
          if (by === "hanging up") stream.destroy();
          if (startsTls) secure(stream);
        });
        if (ends) stream.end();
      }
    });
  };
  const secure = (plain: Socket) => {
    plain.removeAllListeners("data");
    listen(
      new TLSSocket(plain, { isServer: true, key: readFileSync(files.key), cert: readFileSync(files.certificate) }),
    );
  };
  listen(socket);
  socket.write(dialogue.greeting());
}

async function listenOn(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** For Vitest: before all tests, and, as what it gives back, after them. */
export default async function setup(project: TestProject): Promise<() => void> {
  const trusted = trustedCertificate();
  const strange = makeCertificate();
  const plainServer = (files: CertificateFiles) => createServer((socket) => converse(socket, files));
  const tlsServer = (files: CertificateFiles) =>
    createTlsServer({ key: readFileSync(files.key), cert: readFileSync(files.certificate) }, (socket) =>
      converse(socket, files),
    );
  const servers = {
    plain: plainServer(trusted),
    tls: tlsServer(trusted),
    stranger: tlsServer(strange),
    strangerPlain: plainServer(strange),
    silent: createServer(() => {}),
  };
  const sockets = new Set<Socket>();
  const ports: Record<string, number> = {};
  for (const [name, server] of Object.entries(servers)) {
    server.on("connection", (socket: Socket) => sockets.add(socket.on("close", () => sockets.delete(socket))));
    server.on("tlsClientError", () => {});
    ports[name] = await listenOn(server);
  }
  project.provide("pop3Ports", ports as unknown as Pop3Ports);
  return () => {
    for (const socket of sockets) socket.destroy();
    for (const server of Object.values(servers)) server.close();
  };
}
