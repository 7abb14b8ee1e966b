import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { lookups, visit } from "../../src/pipeline/lookup";

/** Each test asks for names of its own: the cache outlives it. */
let run = 0;
const name = () => `key${run}._domainkey.example.com`;
const certificate = () => `https://certificates.example.com/${run}.pem`;
let at = 0;

type Answer = () => Response | Promise<Response>;

function world(answer: Answer) {
  return vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
}

const txt = (...data: string[]) => Response.json({ Status: 0, Answer: data.map((d) => ({ type: 16, data: d })) });

beforeEach(() => {
  run++;
  // A minute of its own for each test, so that none uses up another's look-ups.
  at += 10 * 60_000;
});
afterEach(() => vi.restoreAllMocks());

describe("a TXT look-up", () => {
  it("asks DNS over HTTPS for the name, in JSON, and follows no redirect", async () => {
    const fetched = world(() => txt('"v=DKIM1"'));
    await lookups(at).getTxt(name());
    const [url, init] = fetched.mock.calls[0] as [string, RequestInit];
    expect(url).toMatch(new RegExp(`^https://[^/]+/dns-query\\?name=${name()}&type=TXT$`));
    expect(init).toMatchObject({ headers: { accept: "application/dns-json" }, redirect: "manual" });
  });

  it("asks for a name as one name, whatever is in it", async () => {
    const fetched = world(() => txt('"v=DKIM1"'));
    const odd = `${name()}&name=evil.example.net&type=A#?%26`;
    await lookups(at).getTxt(odd);
    const asked = new URL(String(fetched.mock.calls[0]?.[0]));
    expect([...asked.searchParams]).toEqual([
      ["name", odd],
      ["type", "TXT"],
    ]);
  });

  it("joins the strings of each record, and leaves out records of other types", async () => {
    world(() =>
      Response.json({
        Status: 0,
        Answer: [
          { type: 5, data: "alias.example.com." },
          { type: 16, data: '"v=DKIM1; p=AA" "BB"' },
          { type: 16, data: '"say \\"hi\\""' },
          { type: 16, data: "bare" },
        ],
      }),
    );
    expect(await lookups(at).getTxt(name())).toEqual({ ok: true, value: ["v=DKIM1; p=AABB", 'say "hi"', "bare"] });
  });

  it.each<[string, Answer, "absent" | "unavailable"]>([
    ["no such name", () => Response.json({ Status: 3 }), "absent"],
    ["a name without TXT records", () => Response.json({ Status: 0, Answer: [] }), "absent"],
    ["a resolver in trouble", () => Response.json({ Status: 2 }), "unavailable"],
    ["a resolver that fails", () => new Response("", { status: 502 }), "unavailable"],
    [
      "a resolver that redirects",
      () => new Response(null, { status: 302, headers: { location: "https://x.example" } }),
      "unavailable",
    ],
    ["an answer that is no JSON", () => new Response("<html>"), "unavailable"],
    ["no connection", () => Promise.reject(new Error("refused")), "unavailable"],
  ])("tells %s", async (_what, answer, error) => {
    world(answer);
    expect(await lookups(at).getTxt(name())).toEqual({ ok: false, error });
  });
});

describe("the cache", () => {
  it("answers the second time, unless a fresh answer is asked for", async () => {
    let n = 0;
    const fetched = world(() => new Response(`certificate ${++n}`));
    const { getText } = lookups(at);
    expect(await getText(certificate())).toEqual({ ok: true, value: "certificate 1" });
    expect(await getText(certificate())).toEqual({ ok: true, value: "certificate 1" });
    expect(await getText(certificate(), { fresh: true })).toEqual({ ok: true, value: "certificate 2" });
    expect(await getText(certificate())).toEqual({ ok: true, value: "certificate 2" });
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it("keeps no failure", async () => {
    let works = false;
    world(() => (works ? new Response("certificate") : new Response("", { status: 500 })));
    expect((await lookups(at).getText(certificate())).ok).toBe(false);
    works = true;
    expect((await lookups(at).getText(certificate())).ok).toBe(true);
  });

  it("has to do when a flood of wrong signatures asks for fresh answers", async () => {
    const fetched = world(() => new Response("certificate"));
    const { getText } = lookups(at);
    for (let i = 0; i < 100; i++) await getText(certificate(), { fresh: true });
    expect(fetched.mock.calls.length).toBeLessThan(70);
    expect(fetched.mock.calls.length).toBeGreaterThan(50);
    await lookups(at + 2 * 60_000).getText(certificate(), { fresh: true });
    expect(fetched.mock.calls.length).toBeGreaterThan(60);
  });

  it("does not take an answer that is no certificate's size", async () => {
    let pulled = 0;
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => {
          // It has an end all the same, so that who reads on fails the test and not the machine.
          if (pulled++ < 1_000) controller.enqueue(new Uint8Array(10_000).fill(120));
          else controller.close();
        },
      });
    world(() => new Response(endless()));
    expect(await lookups(at).getText(certificate())).toEqual({ ok: false, error: "unavailable" });
    expect(pulled).toBeLessThan(20);
  });

  it("says that there is no such thing where the host says so", async () => {
    world(() => new Response("", { status: 404 }));
    expect(await lookups(at).getText(certificate())).toEqual({ ok: false, error: "absent" });
  });
});

describe("a visit", () => {
  it("works when the host says 2xx, and not when it redirects, refuses or is away", async () => {
    const answers: Answer[] = [
      () => new Response("<ok/>"),
      () => new Response(null, { status: 302, headers: { location: "https://x.example" } }),
      () => new Response("", { status: 403 }),
      () => Promise.reject(new Error("refused")),
    ];
    const outcomes = [];
    for (const answer of answers) {
      world(answer);
      outcomes.push(await visit("https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription"));
      vi.restoreAllMocks();
    }
    expect(outcomes).toEqual([true, false, false, false]);
  });
});
