/** What `npm start` says when the worker is ready: where it is, how to sign in, two commands to try. */
import { firstCredential } from "./dev-vars.mjs";
import { urlOf } from "./local-worker.mjs";
import { shown } from "./project.mjs";

const EXAMPLE_RECIPIENT = "full@example.net";

export function welcome({ port, state, secretsFile, made, vars }) {
  const admin = firstCredential(vars.ADMIN_TOKENS);
  const check = firstCredential(vars.CHECK_TOKENS) ?? admin;
  const file = shown(secretsFile);
  const lines = [
    "",
    `Bouncekeeper is ready:  ${urlOf(port)}`,
    "",
    `  dashboard     ${urlOf(port)}/dashboard`,
    `  admin token   ${admin ?? "none"}`,
    `  check token   ${firstCredential(vars.CHECK_TOKENS) ?? "none"}`,
    `  secrets       ${file}${made ? " (made just now)" : ""}`,
    `  data          ${shown(state)}`,
    "",
    ...missing(vars, file),
    ...examples(port, vars, check),
    'Example traffic: "npm run demo" in another terminal. Ctrl-C stops; the data stays.',
    "",
  ];
  return lines.join("\n");
}

/** The file is the user's, so it is not completed; but nobody should have to guess why they get a 401. */
function missing(vars, file) {
  const names = ["ADMIN_TOKENS", "CHECK_TOKENS"].filter((name) => firstCredential(vars[name]) === undefined);
  const why = { ADMIN_TOKENS: "nobody can use the API", CHECK_TOKENS: "only admin tokens can check addresses" };
  const lines = names.map(
    (name) => `Note: ${file} has no ${name}: ${why[name]}. Add a line  ${name}=<a long random word>`,
  );
  return lines.length ? [...lines, ""] : [];
}

function examples(port, vars, checkToken) {
  const lines = [];
  const inboxroad = firstCredential(vars.WEBHOOK_INBOXROAD);
  if (inboxroad !== undefined) {
    lines.push(
      "Report a full mailbox, as Inboxroad does (the 5th message to bounce suppresses the address):",
      ...curlPost(`${urlOf(port)}/webhooks/inboxroad`, inboxroad, exampleRecord()),
      "",
    );
  }
  if (checkToken !== undefined) {
    lines.push(
      "Ask whether the address may be mailed:",
      `  curl -H 'authorization: Bearer ${checkToken}' '${urlOf(port)}/v1/check?recipient=${encodeURIComponent(EXAMPLE_RECIPIENT)}'`,
      "",
    );
  }
  return lines;
}

function curlPost(url, credential, record) {
  const isPair = credential.includes(":");
  const target = isPair ? `-u '${credential}' '${url}'` : `'${url}?token=${encodeURIComponent(credential)}'`;
  return [`  curl ${target} -H 'content-type: application/json' \\`, `    -d '${JSON.stringify(record)}'`];
}

function exampleRecord() {
  const now = Math.floor(Date.now() / 1000);
  return {
    type: "b",
    timeLogged: `${now}`,
    orig: "news@mail.example.com",
    rcpt: EXAMPLE_RECIPIENT,
    dsnStatus: "4.2.2 (mailbox full)",
    dsnDiag: "smtp;452 4.2.2 mailbox is full",
    bounceCat: "quota-issues",
    "header_Message-Id": `<try-${now}@mail.example.com>`,
  };
}
