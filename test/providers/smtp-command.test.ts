import { describe, expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { classify } from "../../src/domain/classify";
import { type Adapter, markVerified } from "../../src/providers/adapter";
import { ahasend } from "../../src/providers/ahasend";
import { kumomta } from "../../src/providers/kumomta";
import { refusedCommand } from "../../src/providers/smtp-command";
import { smtpeter } from "../../src/providers/smtpeter";
import { NOW } from "./contract/setup";
import { draftsOf } from "./fixtures";
import { post } from "./senders";

it.each([
  ["MAIL FROM", "MAIL"],
  ["mailfrom", "MAIL"],
  ["RCPT TO:<john@example.com>", "RCPT"],
  ["rcptto", "RCPT"],
  ["rcpt", "RCPT"],
  ["EHLO", "EHLO"],
  ["helo", "EHLO"],
  ["STARTTLS", "STARTTLS"],
  ["authplain", "AUTH"],
  ["intro", "CONNECT"],
  ["connect", "CONNECT"],
  ["data", "DATA"],
  ["message", "DATA"],
  [".", "DATA"],
  ["bounce", undefined],
  ["dns", undefined],
  ["constructor", undefined],
  [undefined, undefined],
])("reads %s as the command %s", (name, expected) => {
  expect(refusedCommand(name, undefined)).toBe(expected);
});

it("leaves out a refusal of the message whose code came apart from the words", () => {
  expect(refusedCommand(".", "5.1.1")).toBeUndefined();
  expect(refusedCommand("MAIL FROM", "5.1.1")).toBe("MAIL");
});

/** A refusal with a reply code and these words, in answer to this command. */
type Told = (words: string, command: string) => object;
const ADAPTERS: readonly (readonly [Adapter, Told])[] = [
  [
    kumomta,
    (content, command) => ({
      type: "Bounce",
      id: "1",
      recipient: "john@example.com",
      response: { code: 550, content, command },
    }),
  ],
  [
    ahasend,
    (response, command) => ({
      type: "message.bounced",
      data: { id: "1", recipient: "john@example.com", delivery_attempt: { smtp_code: 550, response, command } },
    }),
  ],
  [
    smtpeter,
    (description, command) => ({
      id: "1",
      type: "failure",
      recipient: "john@example.com",
      state: command.toLowerCase().replace(" ", ""),
      code: "550",
      description,
    }),
  ],
];

describe.each(ADAPTERS)("the adapter of $title", (adapter, told) => {
  it.each([
    ["RCPT TO", "hard"],
    ["MAIL FROM", "block"],
    ["EHLO", "block"],
    ["DATA", "soft"],
  ])("takes somebody unknown for the recipient only where RCPT TO was refused: %s", (command, expected) => {
    const body = utf8Bytes(JSON.stringify(told("User unknown", command)));
    const request = post({ body, contentType: "application/json" }, {}, "/");
    const [draft] = draftsOf(adapter.parse(markVerified(request), { receivedAt: NOW }));
    expect(draft && classify(draft).class).toBe(expected);
  });
});
