import { describe, expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { parseForm } from "../../src/providers/form";

const MULTIPART = "multipart/form-data; boundary=xyz";

function parse(body: string | Uint8Array, contentType = "application/x-www-form-urlencoded") {
  const headers = new Headers({ "content-type": contentType });
  const form = parseForm({ headers, body: typeof body === "string" ? utf8Bytes(body) : body });
  return form.ok ? Object.fromEntries(form.value) : form.error;
}

const part = (name: string, value: string, more = "") =>
  `--xyz\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;

describe("an urlencoded form", () => {
  it("keeps every value of a field, in order", () => {
    expect(parse("a=1&b=&a=%C3%BC+x&constructor=y")).toEqual({ a: ["1", "ü x"], b: [""], constructor: ["y"] });
  });

  it.each([
    ["empty_body", ""],
    ["empty_body", " \r\n"],
    ["invalid_utf8", Uint8Array.of(0x61, 0x3d, 0xff)],
  ])("is an error: %s", (error, body) => expect(parse(body)).toBe(error));
});

describe("a form in parts", () => {
  it("keeps every value of a field, and leaves files out", () => {
    const body = `${part("a", "1")}${part("file", "--xyz", '; filename="x.eml"')}${part("a", "ü\r\n--xy")}--xyz--\r\n`;
    expect(parse(body, MULTIPART)).toEqual({ a: ["1", "ü\r\n--xy"] });
    expect(parse(`preamble\r\n${body}epilogue`, 'Multipart/Form-Data; charset=utf-8; boundary="xyz"')).toEqual({
      a: ["1", "ü\r\n--xy"],
    });
  });

  it("leaves out what is no field", () => {
    const body = `--xyz\r\nContent-Type: text/plain\r\n\r\nx\r\n--xyz\r\nno headers\r\n${part("b", "2")}--xyz--`;
    expect(parse(body, MULTIPART)).toEqual({ b: ["2"] });
  });

  it.each([
    ["cut off in a value", part("a", "1")],
    ["cut off in the headers", '--xyz\r\nContent-Disposition: form-data; name="a"'],
    ["with another boundary", `${part("a", "1").replaceAll("xyz", "zzz")}--zzz--`],
    ["that is none", "a=1"],
    ["of too many parts", `${part("a", "1").repeat(1_001)}--xyz--`],
  ])("is refused as a whole when it is %s", (_what, body) => expect(parse(body, MULTIPART)).toBe("invalid_form"));

  it("is refused without a boundary", () => expect(parse("--x--", "multipart/form-data")).toBe("invalid_form"));

  it("is read in time that grows with its length", () => {
    const started = performance.now();
    for (const text of ["--xyz\r\n", "\r\n--xy", "\r\n--xyz\r\n\r\n", "--"]) {
      parse(`--xyz\r\n${text.repeat(200_000)}`, MULTIPART);
    }
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
