import { describe, expect, it } from "vitest";
import { isPublicAddress, isPublicHost, readTarget } from "../../src/domain/target";

const errorOf = (url: string, allowPrivate = false) => {
  const target = readTarget(url, allowPrivate);
  return target.ok ? null : target.error;
};

describe("a target", () => {
  it.each([
    "https://hooks.example.com/bounces?team=7",
    "https://hooks.example.com:8443/",
    "https://münchen.example/",
    "https://8.8.8.8/",
    "https://[2606:4700::1111]/",
  ])("may be %s", (url) => {
    expect(errorOf(url)).toBeNull();
  });

  it.each([
    ["not a url", "invalid_url"],
    ["/hooks", "invalid_url"],
    ["ftp://hooks.example.com/", "invalid_url"],
    ["javascript:alert(1)", "invalid_url"],
    ["http://hooks.example.com/", "not_https"],
    ["https://user:token@hooks.example.com/", "has_credentials"],
    ["https://user@hooks.example.com/", "has_credentials"],
    [`https://hooks.example.com/${"x".repeat(2_000)}`, "too_long"],
  ])("is refused: %s (%s)", (url, error) => {
    expect(errorOf(url)).toBe(error);
  });

  it.each([
    "localhost",
    "localhost.",
    "localhost..",
    "app.localhost..",
    "LOCALHOST",
    "app.localhost",
    "printer",
    "printer.local",
    "metadata.google.internal",
    "router.home.arpa",
    "nas.lan",
    "intranet.corp",
  ])("does not lead to the name %s, which is private", (host) => {
    expect(errorOf(`https://${host}/`)).toBe("not_public");
  });

  it.each([
    ["127.0.0.1", "this machine"],
    ["127.1", "with parts left out"],
    ["2130706433", "as one number"],
    ["0x7f000001", "in hexadecimal"],
    ["0x7f.0.0.0x1", "in part in hexadecimal"],
    ["0177.0.0.1", "in octal"],
    ["127.0.0.1.", "with a dot behind it"],
    ["１２７.0.0.1", "in wide digits"],
    ["0.0.0.0", "this network"],
    ["10.1.2.3", "private"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private"],
    ["192.168.1.1", "private"],
    ["100.64.0.1", "of a carrier's own network"],
    ["169.254.169.254", "of a cloud's metadata"],
    ["192.0.0.1", "of protocols"],
    ["198.18.0.1", "for benchmarks"],
    ["203.0.113.9", "for documentation"],
    ["224.0.0.1", "multicast"],
    ["255.255.255.255", "everybody"],
    ["[::]", "none"],
    ["[::1]", "this machine"],
    ["[::ffff:127.0.0.1]", "IPv4 in IPv6"],
    ["[::ffff:a00:1]", "IPv4 in IPv6, in hexadecimal"],
    ["[::127.0.0.1]", "IPv4 in IPv6, of old"],
    ["[64:ff9b::a00:1]", "IPv4 behind a translator"],
    ["[2002:a00:1::]", "IPv4 in 6to4"],
    ["[2001::1]", "Teredo"],
    ["[2001:db8::1]", "for documentation"],
    ["[3fff::1]", "for documentation"],
    ["[fc00::1]", "private"],
    ["[fd12:3456::1]", "private"],
    ["[fe80::1]", "of this link"],
    ["[fec0::1]", "of this site"],
    ["[ff02::1]", "multicast"],
  ])("does not lead to %s (%s)", (host) => {
    expect(errorOf(`https://${host}/`)).toBe("not_public");
    expect(errorOf(`https://${host}/`, true)).toBeNull();
  });

  it("may be anything with http, where private ones are allowed, but still has no credentials", () => {
    expect(errorOf("http://127.0.0.1:9000/webhooks/bounce", true)).toBeNull();
    expect(errorOf("http://listmonk:9000/", true)).toBeNull();
    expect(errorOf("http://user:token@listmonk:9000/", true)).toBe("has_credentials");
    expect(errorOf("ftp://listmonk/", true)).toBe("invalid_url");
  });
});

describe("an address that a resolver names", () => {
  it.each([
    ["93.184.215.14", true],
    ["9.255.255.255", true],
    ["11.0.0.0", true],
    ["172.15.255.255", true],
    ["172.32.0.0", true],
    ["100.63.255.255", true],
    ["100.128.0.0", true],
    ["10.0.0.1", false],
    ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", true],
    ["2001:4860:4860::8888", true],
    ["2a00:1450:4001:829::200e", true],
    ["::ffff:93.184.215.14", false],
    ["fe80::1%eth0", false],
    ["1:2:3:4:5:6:7:8:9", false],
    ["2606::1::2", false],
    ["256.1.1.1", false],
    ["", false],
    ["example.com", false],
  ])("%s is public: %s", (address, isPublic) => {
    expect(isPublicAddress(address)).toBe(isPublic);
  });
});

it("a name is public if it has a dot and does not end as private ones do", () => {
  expect(isPublicHost("localhost.example.com")).toBe(true);
  expect(isPublicHost("notlocal")).toBe(false);
  expect(isPublicHost("my-local.example.org")).toBe(true);
});
