import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { failStore, withFaults } from "../support/faults";
import { block, bounced, report } from "../support/reports";
import { MINUTE_MS, START_MS, setStage } from "../support/stage";
import { api, CHECK, jsonOf, testEnv } from "../support/worker";

setStage();

const AT = START_MS - MINUTE_MS;
const GONE = "gone@example.com";
const ANGRY = "angry@example.com";

beforeAll(async () => {
  await report(bounced(GONE, "hard", AT));
  await report({ kind: "complained", recipient: ANGRY, at: AT });
  await report(bounced("jörg@example.com", "hard", AT));
  await report(bounced("5e1c7f2a-8a4e-4c57-9f0e-0d6a3f3b2c11", "hard", AT));
  await block("@blocked.example");
  await report({ kind: "manual_allow", recipient: "boss@blocked.example" });
});

interface Options {
  readonly query?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly env?: ReturnType<typeof testEnv>;
}

function scrub(body: BodyInit, { query = "", type = "text/csv", headers = {}, env = testEnv() }: Options = {}) {
  return api(`/v1/scrub?${query}`, { body, headers: { ...CHECK, "content-type": type, ...headers }, env });
}

async function scrubbed(body: BodyInit, query = "", type = "text/csv"): Promise<string> {
  const response = await scrub(body, { query, type });
  expect(response.status).toBe(200);
  return response.text();
}

async function reportOf(response: Response) {
  const path = response.headers.get("x-scrub-report") ?? "";
  return jsonOf(await api(path, { headers: CHECK }));
}

const CSV = `name,email,city\r\nAnn,ann@example.com,Oslo\r\n"Gone, G.",${GONE},"a\r\nb"\r\nNobody,nothing,Rome\r\n`;

describe("a CSV", () => {
  it("comes back with the rows that may be mailed, as they were", async () => {
    expect(await scrubbed(CSV, "column=email")).toBe("name,email,city\r\nAnn,ann@example.com,Oslo\r\n");
  });

  it("comes back with the others where these are wanted", async () => {
    expect(await scrubbed(CSV, "keep=suppressed")).toBe(`name,email,city\r\n"Gone, G.",${GONE},"a\r\nb"\r\n`);
    expect(await scrubbed(CSV, "keep=invalid")).toBe("name,email,city\r\nNobody,nothing,Rome\r\n");
  });

  it("comes back whole, and each row says how it stands", async () => {
    expect(await scrubbed(CSV, "keep=all")).toBe(
      [
        "name,email,city,suppression_status,suppression_reasons",
        "Ann,ann@example.com,Oslo,allowed,",
        `"Gone, G.",${GONE},"a\r\nb",suppressed,hard`,
        "Nobody,nothing,Rome,invalid,",
        "",
      ].join("\r\n"),
    );
  });

  it("keeps the notes under their names where rows are short or long", async () => {
    const body = "a;email;c\nx\ny;ann@example.com\nz;ann@example.com;1;2\n";
    expect(await scrubbed(body, "keep=all")).toBe(
      "a;email;c;suppression_status;suppression_reasons\nx;;;invalid;\ny;ann@example.com;;allowed;\nz;ann@example.com;1;2;allowed;\n",
    );
  });

  it.each([
    ["email", "name,email\nx,gone@example.com\n"],
    ["EMAIL", "name,E-Mail\nx,gone@example.com\n"],
    ["e_mail", 'name,"e mail"\nx,gone@example.com\n'],
    ["2", "name,address of somebody\nx,gone@example.com\n"],
    ["2", "x,gone@example.com\n"],
    ["email", "x,gone@example.com\n"],
    ["Kundenadresse", "Kundenadresse;Name\ngone@example.com;x\n"],
    ["", "name\temail address\nx\tgone@example.com\n"],
    ["", "x|gone@example.com\n"],
    ["", "sep=;\nname;mail\nx;gone@example.com\n"],
    ["", "anything\ngone@example.com\n"],
    ["größe", "größe,email\ngone@example.com,x@example.com\n"],
  ])("has its addresses in the column %j: %j", async (column, body) => {
    const query = column === "" ? "" : `&column=${encodeURIComponent(column)}`;
    const lines = body.trimEnd().split("\n");
    expect((await scrubbed(body, `keep=suppressed${query}`)).trimEnd().split("\n").at(-1)).toBe(lines.at(-1));
    expect(await scrubbed(body, `keep=allowed${query}`)).toBe(
      lines
        .slice(0, -1)
        .map((line) => `${line}\n`)
        .join(""),
    );
  });

  it.each([
    ["column=mail", "name,email\nx,a@example.com\n", '"name", "email"'],
    ["column=3", "name,email\nx,a@example.com\n", '"name", "email"'],
    ["column=0", "name,email\nx,a@example.com\n", '"name", "email"'],
    ["", "first,second\nx,a@example.com\n", '"first", "second"'],
    ["", "a@example.com,b@example.com\n", "no header"],
    ["column=email", "a@example.com,b@example.com\n", "no header"],
    ["", '"never closed,email\na@example.com\n', "first line"],
    ["", `"${"x".repeat(70_000)}",email\n`, "first line"],
    ["", "\xff\xfee\0m\0", "UTF-16"],
  ])("is refused where nobody can know the column (%#, %s)", async (query, body, detail) => {
    const bytes = Uint8Array.from(body, (c) => c.charCodeAt(0));
    const response = await scrub(bytes, { query });
    expect(response.status).toBe(400);
    expect(await jsonOf(response)).toMatchObject({ code: "invalid_request", detail: expect.stringContaining(detail) });
  });

  it("keeps every byte, whatever the encoding", async () => {
    const latin1 = Uint8Array.from("name;email\nJ\xfcrgen;ann@example.com\nM\xfc;J\xf6rg@example.com\n", (c) =>
      c.charCodeAt(0),
    );
    const response = await scrub(latin1, { query: "keep=all" });
    const text = [...new Uint8Array(await response.arrayBuffer())].map((byte) => String.fromCharCode(byte)).join("");
    expect(text).toContain("J\xfcrgen;ann@example.com;allowed;");
    // An address in an encoding that nobody named is none.
    expect(text).toContain("M\xfc;J\xf6rg@example.com;invalid;");
    expect((await reportOf(response)).invalidRows).toEqual([{ line: 3, problem: "encoding" }]);
    expect(await scrubbed("name,email\nJ,JÖRG@example.com\n", "keep=suppressed")).toContain("JÖRG@example.com");
  });

  it("keeps bytes that are text in no encoding", async () => {
    const note = Array.from({ length: 256 }, (_, byte) => byte).filter(
      (byte) => !'\n\r",\0'.includes(String.fromCharCode(byte)),
    );
    const [head, tail] = ["email,note\nann@example.com,", "\n"].map((text) => new TextEncoder().encode(text));
    const list = Uint8Array.from([...(head ?? []), ...note, ...(tail ?? [])]);
    expect(new Uint8Array(await (await scrub(list)).arrayBuffer())).toEqual(list);
  });

  it("keeps its byte order mark and its line ends", async () => {
    const marked = new TextEncoder().encode('\ufeff"email"\r\nann@example.com');
    const bytes = new Uint8Array(await (await scrub(marked)).arrayBuffer());
    expect([...bytes]).toEqual([...marked, 13, 10]);
  });

  it("reads what our own exports have made harmless", async () => {
    await report(bounced("=cmd@example.com", "hard", AT));
    expect(await scrubbed("email\n'=cmd@example.com\n", "keep=suppressed")).toBe("email\n'=cmd@example.com\n");
  });

  it("loses no row to a quote that is never closed, nor to one that is too long", async () => {
    const body = `email,note\nann@example.com,"open\n${GONE},x\n${"y".repeat(70_000)}@example.com,z\nbob@example.com,\n`;
    const response = await scrub(body, { query: "keep=all" });
    const lines = (await response.text()).split("\n");
    expect(lines.slice(1)).toEqual([
      'ann@example.com,"open,,,invalid,',
      `${GONE},x,suppressed,hard`,
      "bob@example.com,,allowed,",
      "",
    ]);
    expect(await reportOf(response)).toMatchObject({
      rows: 4,
      allowed: 1,
      suppressed: 1,
      invalid: 2,
      invalidRows: [
        { line: 2, problem: "unclosed_quote" },
        { line: 4, problem: "too_long" },
      ],
    });
  });
});

describe("NDJSON", () => {
  const BODY = [
    '{"id":12345678901234567890,"email":"ann@example.com"}',
    `{ "email" : "${GONE}", "tags": [1, 2] } `,
    '"angry@example.com"',
    '{"name":"no address"}',
    '{"email":7}',
    "not json",
    "[1]",
    "",
  ].join("\n");

  it("comes back with the lines that may be mailed, as they were", async () => {
    const type = "application/x-ndjson";
    expect(await scrubbed(BODY, "", type)).toBe(`${BODY.split("\n")[0]}\n`);
    expect(await scrubbed(BODY, "keep=suppressed", type)).toBe(`${BODY.split("\n").slice(1, 3).join("\n")}\n`);
  });

  it("comes back whole, and each line says how it stands, in JSON", async () => {
    const text = await scrubbed(BODY, "keep=all", "application/ndjson");
    const lines = text.trimEnd().split("\n");
    expect(lines[0]).toBe(
      '{"id":12345678901234567890,"email":"ann@example.com","suppression":{"status":"allowed","reasons":[]}}',
    );
    expect(lines.map((line) => JSON.parse(line).suppression)).toEqual([
      { status: "allowed", reasons: [] },
      { status: "suppressed", reasons: ["hard"] },
      { status: "suppressed", reasons: ["complaint"] },
      ...Array(4).fill({ status: "invalid", reasons: [] }),
    ]);
    expect(JSON.parse(lines[5] ?? "")).toMatchObject({ value: "not json" });
    expect(JSON.parse(lines[6] ?? "")).toMatchObject({ value: [1] });
    expect(JSON.parse(lines[2] ?? "")).toMatchObject({ value: ANGRY });
  });

  it("takes the member that is named, and an empty object", async () => {
    const body = `{"to":"ann@example.com","Cc-Mail":"${GONE}"}\n{}\n`;
    expect(await scrubbed(body, "column=cc_mail&keep=suppressed", "application/jsonl")).toBe(
      `${body.split("\n")[0]}\n`,
    );
    expect(
      (await scrubbed(body, "column=to&keep=all", "application/x-ndjson"))
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { to: "ann@example.com", "Cc-Mail": GONE, suppression: { status: "allowed", reasons: [] } },
      { suppression: { status: "invalid", reasons: [] } },
    ]);
  });

  it("says why each line held no address", async () => {
    const response = await scrub(BODY, { type: "application/x-ndjson" });
    expect((await reportOf(response)).invalidRows.map((row: { problem: string }) => row.problem)).toEqual([
      "no_such_column",
      "no_such_column",
      "not_json",
      "no_such_column",
    ]);
  });
});

describe("a plain list", () => {
  const LIST = `ann@example.com\n${GONE}\nAnn <ann@example.com>\n\nnobody\n5e1c7f2a-8a4e-4c57-9f0e-0d6a3f3b2c11\nx@blocked.example\nboss@blocked.example`;

  it("comes back line by line", async () => {
    expect(await scrubbed(LIST, "", "text/plain")).toBe(
      "ann@example.com\nAnn <ann@example.com>\nboss@blocked.example\n",
    );
    expect(await scrubbed(LIST, "keep=suppressed", "text/plain")).toBe(
      `${GONE}\n5e1c7f2a-8a4e-4c57-9f0e-0d6a3f3b2c11\nx@blocked.example\n`,
    );
    expect(await scrubbed(LIST, "keep=invalid", "text/plain")).toBe("nobody\n");
    expect(await scrubbed(`a@example.com\nx\n${ANGRY}`, "keep=all", "text/plain")).toBe(
      `a@example.com,allowed,\nx,invalid,\n${ANGRY},suppressed,complaint\n`,
    );
  });

  it("lets those who complained through to transactional mail", async () => {
    expect(await scrubbed(`${ANGRY}\n${GONE}`, "purpose=transactional", "text/plain")).toBe(`${ANGRY}\n`);
  });

  it("may be empty", async () => {
    for (const body of ["", "\n", "\r\n\r\n"]) {
      const response = await scrub(body, { type: "text/plain" });
      expect([response.status, await response.text()]).toEqual([200, ""]);
      expect(await reportOf(response)).toMatchObject({ rows: 0, invalidRows: [] });
    }
  });
});

describe("what a list is", () => {
  const TYPES = ["application/x-www-form-urlencoded", "application/octet-stream", "text/plain; charset=utf-8", ""];

  it.each([
    ["lines", "a@example.com\nb@example.com", "text/plain"],
    ["csv", "name,email\nx,b@example.com", "text/csv"],
    ["csv", "email\nb@example.com", "text/csv"],
    ["ndjson", '{"email":"b@example.com"}', "application/x-ndjson"],
    ["ndjson", '\n {"email":"b@example.com"}', "application/x-ndjson"],
  ])("is told by its beginning where its type does not say (%s)", async (_format, body, answered) => {
    for (const type of TYPES) {
      expect((await scrub(body, { type })).headers.get("content-type"), type).toBe(answered);
    }
  });

  it("is what the caller says", async () => {
    const body = "email\nann@example.com";
    expect(await scrubbed(body, "format=lines&keep=invalid", "text/csv")).toBe("email\n");
    expect(await scrubbed(body, "format=csv&keep=invalid", "text/plain")).toBe("email\n");
    for (const query of ["format=xml", "keep=none", "purpose=spam", "column="]) {
      expect((await scrub(body, { query })).status, query).toBe(400);
    }
  });

  it("may come compressed", async () => {
    const zipped = new Blob([CSV]).stream().pipeThrough(new CompressionStream("gzip"));
    const body = await new Response(zipped).arrayBuffer();
    const response = await scrub(body, { headers: { "content-encoding": "gzip" } });
    expect(await response.text()).toBe("name,email,city\r\nAnn,ann@example.com,Oslo\r\n");
    for (const encoding of ["br", "gzip"]) {
      expect((await scrub(CSV, { headers: { "content-encoding": encoding } })).status, encoding).toBe(400);
    }
  });
});

describe("a long list", () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `user-${i}@list-${i % 100}.example.com`);

  it("comes through in pieces, five thousand rows a query, and above the limit of other bodies", async () => {
    const rows = names(12_000).map((name) => `${"x".repeat(1_000)},${name}`);
    const { steps, bindings } = withFaults(() => null);
    const response = await scrub(`note,email\n${rows.join("\n")}\n`, { env: testEnv(bindings) });
    expect((await response.text()).length).toBeGreaterThan(11 * 1024 * 1024);
    expect(steps.filter((step) => step.store === "db").length).toBeGreaterThan(10);
    const plain = withFaults(() => null);
    await scrub(names(12_000).join("\n"), { type: "text/plain", env: testEnv(plain.bindings) });
    expect(plain.steps.map((step) => `${step.store}.${step.operation}`)).toEqual([
      ...Array(3).fill("db.batch"),
      "kv.put",
    ]);
  });

  it("is cut wherever the network cuts it", async () => {
    const body = new TextEncoder().encode(`${CSV}\r\n${names(20).join(",\r\n")},\r\n`);
    const whole = await scrubbed(body, "keep=all");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(body.length), { maxLength: 20 }), async (cuts) => {
        const ends = [...cuts, body.length].sort((a, b) => a - b);
        const pieces = ends.map((end, i) => body.slice(ends[i - 1] ?? 0, end));
        const stream = new ReadableStream<Uint8Array>({
          start: (controller) => {
            for (const piece of pieces) controller.enqueue(piece);
            controller.close();
          },
        });
        expect(await scrubbed(stream, "keep=all")).toBe(whole);
      }),
      { numRuns: 60 },
    );
  });

  it("has the first thousand of its invalid lines listed, and all of them counted", async () => {
    const response = await scrub(Array(1_500).fill("nobody").join("\n"), { type: "text/plain" });
    const stored = await reportOf(response);
    expect(stored).toMatchObject({ rows: 1_500, invalid: 1_500, purpose: "marketing", finishedAt: expect.any(String) });
    expect(stored.invalidRows).toHaveLength(1_000);
    expect(stored.invalidRows[999]).toEqual({ line: 1_000, problem: "no_at_sign" });
  });
});

describe("the report", () => {
  it("holds no address", async () => {
    const response = await scrub(CSV);
    expect(JSON.stringify(await reportOf(response))).not.toMatch(/@|nothing|Rome/);
  });

  it("is for whoever may scrub, and 404 for a list that never came through", async () => {
    for (const id of ["nothing", "..%2F", crypto.randomUUID(), "x".repeat(2_000)]) {
      expect((await api(`/v1/scrub/${id}`, { headers: CHECK })).status).toBe(404);
    }
    expect((await api("/v1/scrub/x", { headers: {} })).status).toBe(401);
  });

  it("is missed by nobody who has the list, where it cannot be kept", async () => {
    const response = await scrub(CSV, { env: testEnv(withFaults(failStore("kv")).bindings) });
    expect(await response.text()).toContain("Ann");
    expect((await api(response.headers.get("x-scrub-report") ?? "", { headers: CHECK })).status).toBe(404);
  });
});
