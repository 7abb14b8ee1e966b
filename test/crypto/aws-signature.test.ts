import { describe, expect, it } from "vitest";
import { awsHeaders } from "../../src/crypto/aws-signature";

const AT = Date.UTC(2015, 7, 30, 12, 36);
/** Of Amazon's own test suite. */
const KEYS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

const signatureOf = async (method: string, url: string, scope: object, body = "") => {
  const credentials = { ...KEYS, region: "us-east-1", service: "service", ...scope };
  const headers = await awsHeaders({ method, url: new URL(url), body }, credentials, AT);
  expect(headers["x-amz-date"]).toBe("20150830T123600Z");
  return headers.authorization;
};

describe("AWS Signature Version 4", () => {
  it("signs as Amazon's test suite does", async () => {
    expect(await signatureOf("GET", "https://example.amazonaws.com/", {})).toBe(
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, " +
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    );
    expect(await signatureOf("POST", "https://example.amazonaws.com/", {})).toContain(
      "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    );
  });

  const SES = "https://email.eu-west-1.amazonaws.com/v2/email/suppression/addresses";
  // Signatures as aws4fetch 1.0.20 makes them.
  it.each([
    [
      "GET",
      `${SES}?PageSize=100&NextToken=a%2Bb%2Fc%3D%3D`,
      "",
      "f01a00399aceceed59b1948d87006890cc74caee456a27d2b55643c998af430e",
    ],
    [
      "DELETE",
      `${SES}/john%2Btag%40example.com`,
      "",
      "7313222a98c712238c5a22231287618b939c83fe8149593a72ca56bb5532325e",
    ],
    [
      "PUT",
      SES,
      '{"EmailAddress":"john@example.com","Reason":"BOUNCE"}',
      "13ddfc959c8dbb5a178a3727154f7dfb0a7db73ffa116a8de5efb5fe5fa1c2e4",
    ],
  ])("%s %s is signed with its path encoded twice and its query in order", async (method, url, body, signature) => {
    const scope = { region: "eu-west-1", service: "ses" };
    expect(await signatureOf(method, url, scope, body)).toContain(`Signature=${signature}`);
  });
});
