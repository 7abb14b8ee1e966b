/** CSV that is scrubbed: where its addresses are, and that it comes back as it was. */
import { describe, expect, it } from "vitest";
import { bounced, report } from "../support/reports";
import { AT, CSV, GONE, reportOf, scrub, scrubbed, setSuppressed } from "../support/scrubbing";
import { setStage } from "../support/stage";
import { jsonOf } from "../support/worker";

setStage();
setSuppressed();

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
