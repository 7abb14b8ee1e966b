import { expect, it } from "vitest";
import { parseAccess } from "../../src/domain/access";

const audience = "4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2";

it("takes a team, whose keys are at its own name, and one application or several", () => {
  const issuer = "https://example-team.cloudflareaccess.com";
  const read = (audiences: unknown) =>
    parseAccess({ team_domain: "example-team.cloudflareaccess.com", audience: audiences });
  expect(read(audience)).toEqual({ ok: true, value: { issuer, audiences: [audience] } });
  expect(read([audience, "another"])).toEqual({ ok: true, value: { issuer, audiences: [audience, "another"] } });
});

it("is not in front where nothing is said", () => {
  for (const nothing of [undefined, null, ""]) expect(parseAccess(nothing)).toEqual({ ok: true, value: null });
});

it.each([
  "cloudflareaccess.com",
  ".cloudflareaccess.com",
  "team.cloudflareaccess.com.evil.example.net",
  "team.cloudflareaccess.com/",
  "team.cloudflareaccess.com@evil.example.net",
  "team.cloudflareaccess.com:8443",
  "team.cloudflareaccess.com\n",
  "evil.example.net/team.cloudflareaccess.com",
  "evil.example.net#team.cloudflareaccess.com",
  "a.team.cloudflareaccess.com",
  "teamXcloudflareaccess.com",
  "team.cloudflareaccessXcom",
  "https://team.cloudflareaccess.com",
  "TEAM.cloudflareaccess.com",
  "",
])("takes its keys from no other name: %j", (domain) => {
  expect(parseAccess({ team_domain: domain, audience }).ok).toBe(false);
});

it("is for one application at least", () => {
  for (const none of ["", [], [""], undefined, 7]) {
    expect(parseAccess({ team_domain: "team.cloudflareaccess.com", audience: none }).ok).toBe(false);
  }
});
