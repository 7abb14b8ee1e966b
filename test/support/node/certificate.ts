/**
 * A certificate for this machine's own name and address, made anew for each run of the tests, so that none has to be
 * kept and none expires. RFC 5280, written out in DER.
 */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const DAY_MS = 86_400_000;
/** Tells the processes of a run where the certificate is. */
const DIRECTORY_VARIABLE = "BOUNCEKEEPER_TEST_CERTIFICATE";
const ECDSA_WITH_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME = [0x55, 0x04, 0x03];
const BASIC_CONSTRAINTS = [0x55, 0x1d, 0x13];
const SUBJECT_ALTERNATIVE_NAME = [0x55, 0x1d, 0x11];

/** Files in PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
  /** The certificate, and what was trusted before. */
  readonly trusted: string;
}

/** Writes key and certificate into a new directory for temporary files, which goes when the process does. */
export function makeCertificate(): CertificateFiles {
  const directory = mkdtempSync(path.join(tmpdir(), "bouncekeeper-certificate-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const files = filesIn(directory);
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const toBeSigned = certificateOf(publicKey.export({ type: "spki", format: "der" }));
  const signature = sign("sha256", toBeSigned, privateKey);
  const certificate = pemOf(sequence(toBeSigned, algorithm(), der(0x03, [0], signature)));
  const others = process.env.NODE_EXTRA_CA_CERTS;
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  writeFileSync(files.trusted, others ? certificate + readFileSync(others, "utf8") : certificate);
  return files;
}

/**
 * The certificate that the runtime trusts in this run, and all that this process starts. It has to be made before
 * Miniflare is imported, which reads `NODE_EXTRA_CA_CERTS` while it loads.
 */
export function trustedCertificate(): CertificateFiles {
  let directory = process.env[DIRECTORY_VARIABLE];
  if (directory === undefined) {
    const { trusted } = makeCertificate();
    directory = path.dirname(trusted);
    process.env[DIRECTORY_VARIABLE] = directory;
    process.env.NODE_EXTRA_CA_CERTS = trusted;
  }
  return filesIn(directory);
}

function filesIn(directory: string): CertificateFiles {
  const file = (name: string) => path.join(directory, name);
  return { certificate: file("certificate.pem"), key: file("key.pem"), trusted: file("trusted.pem") };
}

/** Its own authority. */
function certificateOf(spki: Uint8Array): Buffer {
  const name = sequence(der(0x31, sequence(oid(COMMON_NAME), der(0x0c, Buffer.from("localhost")))));
  const alternatives = sequence(der(0x82, Buffer.from("localhost")), der(0x87, [127, 0, 0, 1]));
  const extensions = sequence(
    sequence(oid(BASIC_CONSTRAINTS), der(0x01, [0xff]), der(0x04, sequence(der(0x01, [0xff])))),
    sequence(oid(SUBJECT_ALTERNATIVE_NAME), der(0x04, alternatives)),
  );
  return sequence(
    der(0xa0, der(0x02, [2])),
    der(0x02, [1, ...randomBytes(8)]),
    algorithm(),
    name,
    sequence(utcTime(Date.now() - DAY_MS), utcTime(Date.now() + 2 * DAY_MS)),
    name,
    spki,
    der(0xa3, extensions),
  );
}

function algorithm(): Buffer {
  return sequence(oid(ECDSA_WITH_SHA256));
}

function oid(bytes: readonly number[]): Buffer {
  return der(0x06, bytes);
}

function sequence(...contents: readonly Uint8Array[]): Buffer {
  return der(0x30, ...contents);
}

/** YYMMDDhhmmssZ. */
function utcTime(time: number): Buffer {
  const digits = new Date(time).toISOString().replace(/\D/g, "").slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}

function der(tag: number, ...contents: readonly (Uint8Array | readonly number[])[]): Buffer {
  const content = Buffer.concat(contents.map((bytes) => Buffer.from(bytes)));
  const { length: n } = content;
  const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function pemOf(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
