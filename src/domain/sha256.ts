/**
 * SHA-256 (FIPS 180-4) without waiting: who asks a filter about a million addresses, or names the thousand events of a
 * request, cannot wait for a promise each. Of texts as short as these it takes less time, too, than to ask Web Crypto.
 * Bodies and secrets go to Web Crypto.
 */

/** The first 64 bits of a digest, as two unsigned 32-bit words. */
export interface DigestPrefix {
  readonly high: number;
  readonly low: number;
}

const BLOCK_BYTES = 64;
const BLOCK_WORDS = 16;
/** Of the message's length at the end. */
const LENGTH_WORDS = 2;
/** A one bit and the length, in bits, come after the message. */
const PADDING_BYTES = 9;

/** Of the fractional parts of the cube roots of the first 64 primes (§4.2.2). */
const ROUND_CONSTANTS = words(`
  428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5
  d807aa98 12835b01 243185be 550c7dc3 72be5d74 80deb1fe 9bdc06a7 c19bf174
  e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da
  983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967
  27b70a85 2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e 92722c85
  a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070
  19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3
  748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2`);

/** Of the fractional parts of the square roots of the first eight (§5.3.3). */
const INITIAL_STATE = words("6a09e667 bb67ae85 3c6ef372 a54ff53a 510e527f 9b05688c 1f83d9ab 5be0cd19");

/** Nothing here waits, so one of each is enough. */
const schedule = new Int32Array(64);
const state = new Int32Array(8);
const encoder = new TextEncoder();

/** The first 64 bits of the SHA-256 of a text's UTF-8 bytes. */
export function sha256Prefix(text: string): DigestPrefix {
  digest(text);
  return { high: word(state, 0) >>> 0, low: word(state, 1) >>> 0 };
}

/** The whole of it, in hex. */
export function sha256HexSync(text: string): string {
  digest(text);
  let hex = "";
  for (let i = 0; i < state.length; i++) hex += hexOfWord(word(state, i));
  return hex;
}

/** Half by half, each behind a one, so that leading zeros stay. */
function hexOfWord(value: number): string {
  return (0x10000 | (value >>> 16)).toString(16).slice(1) + (0x10000 | (value & 0xffff)).toString(16).slice(1);
}

/** Leaves the digest in the state. */
function digest(text: string): void {
  state.set(INITIAL_STATE);
  if (absorbAscii(text)) return;
  state.set(INITIAL_STATE);
  absorbBytes(encoder.encode(text));
}

function words(hex: string): Int32Array {
  return Int32Array.from(hex.trim().split(/\s+/), (word) => Number.parseInt(word, 16));
}

/**
 * As nearly everything is: the bytes are the characters. They are taken a word at a time; put one by one into the schedule
 * they would take as long as the rounds.
 *
 * @returns was it ASCII? If not, the state is of no use.
 */
function absorbAscii(text: string): boolean {
  const { length } = text;
  let nonAscii = 0;
  let word = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    nonAscii |= code;
    word = (word << 8) | code;
    if ((i & 3) === 3) absorbWord(i >> 2, word);
  }
  if (nonAscii > 0x7f) return false;
  const bytesLeft = length & 3;
  const end = (length >> 2) % BLOCK_WORDS;
  // What is left of the text, the one bit, and nothing up to the length.
  schedule[end] = (((bytesLeft === 0 ? 0 : word) << 8) | 0x80) << (24 - bytesLeft * 8);
  schedule.fill(0, end + 1, BLOCK_WORDS);
  if (end > BLOCK_WORDS - LENGTH_WORDS - 1) {
    compress();
    schedule.fill(0, 0, BLOCK_WORDS);
  }
  schedule[BLOCK_WORDS - 1] = length * 8;
  compress();
  return true;
}

function absorbWord(position: number, word: number): void {
  const at = position % BLOCK_WORDS;
  schedule[at] = word;
  if (at === BLOCK_WORDS - 1) compress();
}

function absorbBytes(message: Uint8Array): void {
  const blocks = Math.ceil((message.length + PADDING_BYTES) / BLOCK_BYTES);
  for (let block = 0; block < blocks; block++) {
    const bytes = message.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
    schedule.fill(0, 0, BLOCK_WORDS);
    bytes.forEach((byte, i) => {
      putByte(i, byte);
    });
    const end = message.length - block * BLOCK_BYTES;
    if (end >= 0 && end < BLOCK_BYTES) putByte(end, 0x80);
    // Texts end long before their length needs the other of its two words.
    if (block === blocks - 1) schedule[BLOCK_WORDS - 1] = message.length * 8;
    compress();
  }
}

function putByte(at: number, byte: number): void {
  schedule[at >> 2] = (schedule[at >> 2] as number) | (byte << (24 - (at & 3) * 8));
}

/** One block (§6.2.2), out of the first words of the schedule and into the state. Rotations are written out: they are most of the time. */
function compress(): void {
  for (let i = BLOCK_WORDS; i < 64; i++) {
    const older = schedule[i - 15] as number;
    const newer = schedule[i - 2] as number;
    const sigma0 = ((older >>> 7) | (older << 25)) ^ ((older >>> 18) | (older << 14)) ^ (older >>> 3);
    const sigma1 = ((newer >>> 17) | (newer << 15)) ^ ((newer >>> 19) | (newer << 13)) ^ (newer >>> 10);
    schedule[i] = ((schedule[i - 16] as number) + sigma0 + (schedule[i - 7] as number) + sigma1) | 0;
  }
  let a = word(state, 0);
  let b = word(state, 1);
  let c = word(state, 2);
  let d = word(state, 3);
  let e = word(state, 4);
  let f = word(state, 5);
  let g = word(state, 6);
  let h = word(state, 7);
  for (let i = 0; i < 64; i++) {
    const sum1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const choice = g ^ (e & (f ^ g));
    const first = (h + sum1 + choice + (ROUND_CONSTANTS[i] as number) + (schedule[i] as number)) | 0;
    const sum0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const majority = (a & b) | (c & (a | b));
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + sum0 + majority) | 0;
  }
  add(0, a);
  add(1, b);
  add(2, c);
  add(3, d);
  add(4, e);
  add(5, f);
  add(6, g);
  add(7, h);
}

function add(at: number, value: number): void {
  state[at] = word(state, at) + value;
}

function word(array: Int32Array, at: number): number {
  return array[at] as number;
}
