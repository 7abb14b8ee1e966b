/** Importing in two steps: first what it would do, then the very same bytes. */

import { beforeEach, describe, expect, it } from "vitest";
import { base64Of } from "../../src/crypto/encoding";
import { gzip } from "../../src/pipeline/receipt";
import { doneOf, type FormFields, type Visitor, visitor } from "../support/dashboard";
import { pass, setStage } from "../support/stage";
import { api, bindings, freshStores, jsonOf } from "../support/worker";

const PATH = "/dashboard/import";
const LIST =
  "email,reason,comment\nanna@example.net,hard bounce,left\nbert@example.com,spam,\nno address,hard bounce,\n";
const isSuppressed = async (recipient: string) =>
  (await jsonOf(await api(`/v1/check?consistency=strong&recipient=${encodeURIComponent(recipient)}`))).suppressed;
const events = () => bindings.DB.prepare("SELECT count(*) AS n FROM events").first<number>("n");

let one: Visitor;
setStage();
beforeEach(async () => {
  await freshStores();
  one = await visitor();
});

/** The fields of the form that imports what was shown. */
function fieldsOf(html: string): FormFields {
  const form = html.slice(html.indexOf(`action="${PATH}/run"`));
  const fields = [...form.matchAll(/<input type="hidden" name="([\w-]+)" value="([^"]*)"/g)];
  return Object.fromEntries(fields.map(([, name, value]) => [name, value]));
}

const preview = (fields: FormFields) => one.post(PATH, fields, PATH);

describe("a list", () => {
  it("is first only looked at", async () => {
    const response = await preview({ list: LIST });
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html).toContain("Import this list?");
    expect(html).toContain("Read as: A list with a column of addresses");
    expect(html).toMatch(/<dt><bdi class="wrap">email<\/bdi><\/dt><dd>the address<\/dd>/);
    expect(html).toMatch(/<dt><bdi class="wrap">comment<\/bdi><\/dt><dd>a note<\/dd>/);
    expect(html).toContain("Import 2 new entries");
    expect(html).toContain("no address");
    expect(await events()).toBe(0);
  });

  it("is imported as it was shown, with a result that can be undone", async () => {
    const shown = await (await preview({ list: LIST, note: "from the old system" })).text();
    const response = await one.postRaw(`${PATH}/run`, fieldsOf(shown));
    expect(doneOf(response)).toBe("imported");
    const page = await one.html(response.headers.get("location") ?? "");
    expect(page).toContain("2 new");
    expect(page).toContain("from the old system");
    expect([await isSuppressed("anna@example.net"), await isSuppressed("bert@example.com")]).toEqual([true, true]);
    expect(await one.html("/dashboard/recipients/anna%40example.net")).toContain("an imported list");
    const [batch] = (await jsonOf(await api("/v1/batches"))).items;
    pass(1_000);
    expect(doneOf(await one.post(`/dashboard/batches/${batch.id}/revert`))).toBe("reverted");
    expect(await isSuppressed("anna@example.net")).toBe(false);
  });

  it("may be a file, whose bytes are kept as they are", async () => {
    const utf16 = new Uint8Array([0xff, 0xfe, ...[...LIST].flatMap((char) => [char.charCodeAt(0), 0])]);
    const shown = await (await preview({ file: new File([utf16], "list.csv"), list: "" })).text();
    expect(shown).toContain("Import 2 new entries");
    expect(doneOf(await one.postRaw(`${PATH}/run`, fieldsOf(shown)))).toBe("imported");
    expect(await isSuppressed("anna@example.net")).toBe(true);
  });

  it("of bare addresses means what is said of them", async () => {
    const shown = await (await preview({ list: "anna@example.net\n", reason: "complaint" })).text();
    await one.postRaw(`${PATH}/run`, fieldsOf(shown));
    expect(await one.html("/dashboard/suppressions?reason=complaint")).toContain("anna@example.net");
  });

  it("leaves out whom we released, unless that is wanted", async () => {
    await api("/v1/suppressions/anna%40example.net", { method: "PUT" });
    pass(1_000);
    await api("/v1/suppressions/anna%40example.net", { method: "DELETE" });
    pass(1_000);
    const list = "anna@example.net\n";
    expect(await (await preview({ list })).text()).toContain("the recipient was released: it is left out");
    const shown = await (await preview({ list, override: "yes" })).text();
    expect(shown).toContain("Import 1 new entry");
    await one.postRaw(`${PATH}/run`, fieldsOf(shown));
    expect(await isSuppressed("anna@example.net")).toBe(true);
  });

  it.each<[string, FormFields, string]>([
    ["nothing", { list: "" }, "Paste a list or choose a file first"],
    ["blank lines", { list: "\n\n" }, "holds no entry"],
    ["no addresses", { list: "name,phone\nAnna,1\n" }, "No column of addresses"],
    ["too much", { list: "x".repeat(10_000_001) }, "larger than 10.0 MB"],
  ])("of %s is refused with the reason", async (_, fields, words) => {
    const response = await preview(fields);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(words);
  });

  it("that did not arrive in the second step changes nothing", async () => {
    // Much larger than may be imported here, once it is unpacked.
    const bomb = base64Of(gzip(new Uint8Array(10_000_001).fill(10)));
    for (const packed of ["", "%%%", btoa("no gzip"), bomb]) {
      const response = await one.post(`${PATH}/run`, { packed }, PATH);
      expect(response.status).toBe(400);
    }
    expect(await events()).toBe(0);
  });
});
