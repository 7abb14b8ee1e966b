/** Certificates (RFC 5280), as far as a public key has to be found in one. Trust is decided by whence it came, not here. */
import { readElement, readSequence, TAG } from "./asn1";
import { bytesOfBase64 } from "./encoding";

/** Position of subjectPublicKeyInfo in TBSCertificate, after the optional version. */
const SPKI_POSITION = 5;

/** The DER inside the first PEM block of a kind (RFC 7468), e.g. `CERTIFICATE` or `PUBLIC KEY`; `null` for none. */
export function derOfPem(pem: string, label: string): Uint8Array | null {
  const begin = `-----BEGIN ${label}-----`;
  const from = pem.indexOf(begin);
  const to = pem.indexOf(`-----END ${label}-----`, from);
  return from < 0 || to < 0 ? null : bytesOfBase64(pem.slice(from + begin.length, to).replace(/\s/g, ""));
}

/**
 * The SubjectPublicKeyInfo of a certificate.
 *
 * @param certificate DER
 * @returns DER, or `null` for what is no certificate
 */
export function publicKeyOfCertificate(certificate: Uint8Array): Uint8Array | null {
  const [tbs] = readSequence(certificate) ?? [];
  const fields = tbs ? readSequence(tbs.whole) : null;
  if (!fields) return null;
  const hasVersion = fields[0]?.tag === TAG.version;
  const spki = fields[SPKI_POSITION + (hasVersion ? 1 : 0)];
  return spki?.tag === TAG.sequence && readElement(spki.content) ? spki.whole : null;
}
