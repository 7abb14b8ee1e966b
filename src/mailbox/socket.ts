/**
 * A wire over `cloudflare:sockets`: TLS from the start, TLS after STLS, or none.
 *
 * Certificates are always verified, against the host's name; the platform has no way around it and takes no other
 * authorities. In production it refuses port 25, local and private addresses.
 */
import { connect } from "cloudflare:sockets";
import { fail, ok, type Result } from "../domain/result";
import type { MailboxSettings, TlsMode } from "./settings";
import { answered, Pop3Error, type Pop3Failure, type Wire } from "./wire";

export type Endpoint = Pick<MailboxSettings, "host" | "port" | "tls">;

const CONNECT_TIMEOUT_MS = 10_000;
const SECURE_TRANSPORT: Readonly<Record<TlsMode, string>> = { tls: "on", starttls: "starttls", none: "off" };
const UNREACHABLE: Readonly<Record<TlsMode, string>> = {
  tls: "There is no connection with TLS to this host and port: nobody listens, or its certificate is not trusted, not current, or of another name.",
  starttls: "There is no connection to this host and port: nobody listens, or the platform refuses the address.",
  none: "There is no connection to this host and port: nobody listens, or the platform refuses the address.",
};

/**
 * Connects, with the TLS handshake where TLS is from the start.
 *
 * @returns the wire, or `connect_failed` or `timeout`; the platform does not tell why
 */
export async function openSocket({ host, port, tls }: Endpoint): Promise<Result<Wire, Pop3Failure>> {
  let socket: Socket | undefined;
  try {
    socket = connect({ hostname: host, port }, { secureTransport: SECURE_TRANSPORT[tls], allowHalfOpen: false });
    const wire = wireOf(socket);
    await answered(socket.opened, CONNECT_TIMEOUT_MS, "The host did not answer to a connection in time.");
    return ok(wire);
  } catch (error) {
    if (socket) close(socket);
    return fail(error instanceof Pop3Error ? error.failure : { code: "connect_failed", detail: UNREACHABLE[tls] });
  }
}

function wireOf(socket: Socket): Wire {
  // It rejects beside the reads and writes that fail, which is where the failure is dealt with.
  socket.closed.catch(() => {});
  const reader: ReadableStreamDefaultReader<Uint8Array> = socket.readable.getReader();
  const writer: WritableStreamDefaultWriter<Uint8Array> = socket.writable.getWriter();
  return {
    read: async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return null;
        if (value.length) return value;
      }
    },
    write: (bytes) => writer.write(bytes),
    startTls: async () => {
      reader.releaseLock();
      writer.releaseLock();
      const secured = socket.startTls();
      const wire = wireOf(secured);
      await secured.opened;
      return wire;
    },
    close: () => close(socket),
  };
}

function close(socket: Socket): void {
  socket.close().catch(() => {});
}
