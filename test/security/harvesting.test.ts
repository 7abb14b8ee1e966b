/**
 * What can be learned about addresses by asking. Whoever holds a token that may check can try an address and learn whether it
 * is suppressed: that is what the token is for. He learns nothing more, and without a token nobody learns anything.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { bounce, delivery } from "../support/pmta";
import { postRecords } from "../support/rounds";
import { MINUTE_MS, START_MS, setStage } from "../support/stage";
import { api, bindings, CHECK, jsonOf, testEnv } from "../support/worker";

setStage();

const at = START_MS - MINUTE_MS;
const KNOWN = "known@example.com";
const SUPPRESSED = "gone@example.com";
const UNKNOWN = "nobody.heard.of@example.com";

beforeAll(async () => {
  const records = [
    delivery({ recipient: KNOWN, message: "1", at }),
    bounce("soft", { recipient: KNOWN, message: "2", at }),
    bounce("hard", { recipient: SUPPRESSED, message: "3", at }),
  ];
  expect((await postRecords("inboxroad", records, testEnv())).status).toBe(200);
});

describe("a token that may check", () => {
  it("is told the same of an address that is known and one that is not", async () => {
    for (const consistency of ["eventual", "strong"]) {
      const answers = [KNOWN, UNKNOWN].map(async (recipient) => {
        const response = await api(`/v1/check?recipient=${recipient}&consistency=${consistency}`, { headers: CHECK });
        const { recipient: _echo, ...answer } = await jsonOf(response);
        return { status: response.status, answer };
      });
      const [known, unknown] = await Promise.all(answers);
      expect(known).toEqual(unknown);
    }
  });

  it("is told of nobody whom it did not name", async () => {
    const response = await api("/v1/check", { json: { recipients: [KNOWN, UNKNOWN] }, headers: CHECK });
    expect(await jsonOf(response)).toEqual({ checked: 2, suppressed: [], invalid: [] });
    const scrub = { body: `email\r\n${KNOWN}\r\n`, headers: { ...CHECK, "content-type": "text/csv" } };
    expect(await (await api("/v1/scrub?column=email&keep=all", scrub)).text()).not.toContain(SUPPRESSED);
  });

  it("lists nobody: the list, the journal, a recipient's history, changes and exports are the operator's", async () => {
    const closed = [
      "suppressions",
      `suppressions/${SUPPRESSED}`,
      `recipients/${SUPPRESSED}`,
      "events",
      "suppressions/changes",
    ];
    for (const path of [...closed, "suppressions/export", "events/export", "quarantine", "audit", "stats"]) {
      expect((await api(`/v1/${path}`, { headers: CHECK })).status, path).toBe(403);
    }
  });
});

describe("whoever reads what is no list of addresses", () => {
  it("finds none in the edge cache, not even where somebody is suppressed, nor in the metrics", async () => {
    const { keys } = await bindings.SUPPRESSIONS.list();
    expect(keys.length).toBeGreaterThan(0);
    const values = await Promise.all(keys.map(({ name }) => bindings.SUPPRESSIONS.get(name)));
    const metrics = await (await api("/metrics")).text();
    expect(metrics).toContain("inboxroad");
    expect(`${keys.map(({ name }) => name)} ${values} ${metrics}`).not.toMatch(/example\.com|gone|nobody\.heard/);
  });
});

describe("nobody in particular", () => {
  it("learns from no answer whether an address is known", async () => {
    const asked = [KNOWN, SUPPRESSED, UNKNOWN].map(async (recipient) => {
      const record = bounce("hard", { recipient, message: "3", at });
      const answers = [
        await api(`/v1/check?recipient=${recipient}`, { headers: {} }),
        await api(`/v1/recipients/${recipient}`, { headers: {} }),
        await api("/webhooks/inboxroad", { json: [record], headers: {} }),
        await api("/webhooks/bounce", { json: { email: recipient, type: "hard" }, headers: {} }),
        await api(`/dashboard/recipients/${recipient}`, { headers: {} }),
        await api(`/api/bounces?email=${recipient}&query=${recipient}`, { headers: {} }),
      ];
      return Promise.all(
        answers.map(async (answer) => [answer.status, (await answer.text()).replaceAll(recipient, "")]),
      );
    });
    const [known, suppressed, unknown] = await Promise.all(asked);
    expect(suppressed).toEqual(unknown);
    expect(known).toEqual(unknown);
  });

  it("finds no address in what anybody may read", async () => {
    for (const path of ["/health", "/docs", "/openapi.json", "/dashboard/sign-in"]) {
      const text = await (await api(path, { headers: {} })).text();
      for (const address of [KNOWN, SUPPRESSED]) expect(text, path).not.toContain(address);
    }
  });
});
