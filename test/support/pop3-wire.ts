/** A connection to a POP3 server inside the test. It can be cut after any byte, in either direction. */
import type { Wire } from "../../src/mailbox/wire";
import { binaryText, Dialogue, joined, type Maildrop } from "./pop3-server";

export interface Fate {
  /** So many bytes get through, in both directions together; then the connection is cut. */
  readonly cutAfter?: number;
  /** How a cut looks from here: the stream ends, or it breaks. */
  readonly cutBy?: "end" | "break";
  /** Bytes come in pieces of this size. */
  readonly pieceBytes?: number;
}

export interface TestWire extends Wire {
  /** Bytes that got through so far. */
  readonly carried: () => number;
  readonly isClosed: () => boolean;
}

const BROKEN = "the connection broke";

export function wireTo(drop: Maildrop, fate: Fate = {}): TestWire {
  const { cutAfter = Number.POSITIVE_INFINITY, cutBy = "end", pieceBytes = Number.POSITIVE_INFINITY } = fate;
  const dialogue = new Dialogue(drop);
  let coming = dialogue.greeting();
  let going = "";
  let carried = 0;
  let hasEnded = false;
  let isClosed = false;
  let wake = Promise.withResolvers<void>();

  const read = async (): Promise<Uint8Array | null> => {
    for (;;) {
      if (isClosed) throw new Error(BROKEN);
      if (carried >= cutAfter) {
        if (cutBy === "break") throw new Error(BROKEN);
        return null;
      }
      if (coming.length) {
        const piece = coming.slice(0, Math.min(pieceBytes, cutAfter - carried));
        coming = coming.slice(piece.length);
        carried += piece.length;
        return piece;
      }
      if (hasEnded) return null;
      await wake.promise;
    }
  };

  const rouse = () => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };

  const wire: TestWire = {
    read,
    write: async (bytes) => {
      if (isClosed) throw new Error(BROKEN);
      const arriving = bytes.subarray(0, Math.max(0, cutAfter - carried));
      carried += arriving.length;
      going += binaryText(arriving);
      for (let end = going.indexOf("\r\n"); end >= 0; end = going.indexOf("\r\n")) {
        const { bytes: answer, ends = false } = dialogue.answer(going.slice(0, end));
        going = going.slice(end + 2);
        coming = joined(coming, answer);
        hasEnded ||= ends;
      }
      rouse();
    },
    startTls: async () => wire,
    close: () => {
      isClosed = true;
      rouse();
    },
    carried: () => carried,
    isClosed: () => isClosed,
  };
  return wire;
}
