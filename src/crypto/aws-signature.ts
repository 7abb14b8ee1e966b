/**
 * AWS Signature Version 4, for requests with a short body:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (read 2026-11).
 */
import { sha256Hex } from "./digest";
import { hexOf, utf8Bytes } from "./encoding";
import { hmac } from "./hmac";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly service: string;
}

export interface AwsRequest {
  readonly method: string;
  /** Its path encoded once, as it is sent. */
  readonly url: URL;
  /** Empty: none. */
  readonly body: string;
}

const ALGORITHM = "AWS4-HMAC-SHA256";

/** The headers that prove who asks, beside `host`, which whoever sends the request adds. @param now epoch ms */
export async function awsHeaders(
  { method, url, body }: AwsRequest,
  { accessKeyId, secretAccessKey, region, service }: AwsCredentials,
  now: number,
): Promise<Readonly<Record<string, string>>> {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const names = "host;x-amz-date";
  const headers = `host:${url.host}\nx-amz-date:${time}\n`;
  const canonical = [method, pathOf(url), queryOf(url), headers, names, await sha256Hex(body)].join("\n");
  const toSign = [ALGORITHM, time, scope, await sha256Hex(canonical)].join("\n");
  let key: Uint8Array = utf8Bytes(`AWS4${secretAccessKey}`);
  for (const part of [day, region, service, "aws4_request"]) key = await hmac("SHA-256", key, utf8Bytes(part));
  const signature = hexOf(await hmac("SHA-256", key, utf8Bytes(toSign)));
  const credential = `Credential=${accessKeyId}/${scope}`;
  return {
    "x-amz-date": time,
    authorization: `${ALGORITHM} ${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

/** Encoded a second time, as every service but S3 wants it. */
function pathOf({ pathname }: URL): string {
  return pathname.split("/").map(encoded).join("/");
}

function queryOf({ searchParams }: URL): string {
  return [...searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join("&");
}

/** RFC 3986: all but unreserved characters. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
