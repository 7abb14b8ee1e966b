import { expect, it } from "vitest";
import { base64Of } from "../../src/crypto/encoding";
import { derOfPem, publicKeyOfCertificate } from "../../src/crypto/x509";

/** Made with `openssl req -x509`; `publicKey` is what `openssl x509 -pubkey` says of it. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBbjCCARWgAwIBAgIUDzMXmz6CPLUGMfgPXX1f8I+Drg8wCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBdjAgFw0yNjExMjIxODQwMjhaGA8yMTI2MTAyOTE4NDAyOFow
DDEKMAgGA1UEAwwBdjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABO8KJXPilPzo
1h33vXtqYve9tpityJgdmTk+YzeD2nGU2hvD+Vcq/DJSGLXb7y29RYAyGMji1EzO
H84RImJvX5KjUzBRMB0GA1UdDgQWBBThY+SH65yMroCWyp+kNl9bfwG4aDAfBgNV
HSMEGDAWgBThY+SH65yMroCWyp+kNl9bfwG4aDAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0cAMEQCIECMo4tzNkgSaadAX2DYle9Z7NCkiAHMH4K+6BcCCDcW
AiAR5rnY99X1tfpl88TNld2f7C0ZxUnIHhrhdWvZlyExQQ==
-----END CERTIFICATE-----
`;
const PUBLIC_KEY =
  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7wolc+KU/OjWHfe9e2pi9722mK3ImB2ZOT5jN4PacZTaG8P5Vyr8MlIYtdvvLb1FgDIYyOLUTM4fzhEiYm9fkg==";

const publicKeyIn = (pem: string) => {
  const der = derOfPem(pem, "CERTIFICATE");
  const spki = der && publicKeyOfCertificate(der);
  return spki && base64Of(spki);
};

it("finds the public key of a certificate, whatever stands around it and however its lines end", () => {
  expect(publicKeyIn(CERTIFICATE)).toBe(PUBLIC_KEY);
  expect(publicKeyIn(`subject=CN = v\r\n${CERTIFICATE.replaceAll("\n", "\r\n")}${CERTIFICATE}`)).toBe(PUBLIC_KEY);
});

it("finds none in a certificate that was cut off", () => {
  const der = derOfPem(CERTIFICATE, "CERTIFICATE") ?? new Uint8Array();
  for (let end = 0; end < der.length; end++) expect(publicKeyOfCertificate(der.slice(0, end))).toBeNull();
});
