import { describe, expect, it } from "vitest";
import { MAX_READ_LENGTH, readText } from "../../src/domain/classify-reading";

const wordsOf = (text: string) => readText(text).words.trim();

describe("the words of a text", () => {
  it.each([
    ["550 5.1.1 <john@example.com>: User-unknown!", "@ user unknown ."],
    ["user_unknown", "user unknown"],
    ["User 'john' isn't known", "user john isnt known"],
    ["User’s mailbox doesn’t exist", "users mailbox doesnt exist"],
    ["RESOLVER.ADR.RecipNotFound; not found", "resolver.adr.recipnotfound . not found"],
    [
      "550-5.1.1 The account does\n550-5.1.1 not exist. Please\n550 5.1.1 try",
      "the account does not exist . please try",
    ],
    ["550-Mailbox unknown. Either there is no 550-name", "mailbox unknown . either there is no name"],
    ["said: 550 #5.1.0 Address rejected", "said address rejected"],
    ["blocked using zen.spamhaus.org (AS345)", "blocked using zen.spamhaus.org as345"],
    ["see https://example.com/mail/?p=NoSuchUser", "see https example.com mail p nosuchuser"],
    ["<john>... User unknown", "@ . user unknown"],
    ["Unbekannter Empfänger, Straße", "unbekannter empfanger strasse"],
    ["Boîte pleine – n'existe pas", "boite pleine nexiste pas"],
    ["Skrzynka pełna", "skrzynka pelna"],
    ["Άγνωστος χρήστης", "αγνωστος χρηστης"],
    ["Почтовый ящик её", "почтовый ящик ее"],
    ["ユーザが存在しません。ﾕｰｻﾞ", "ユーザが存在しません . ユーザ"],
    ["用户不存在，请检查", "用户不存在 请检查"],
    ["존재하지 않는 사용자", "존재하지 않는 사용자"],
    ["", ""],
  ])("%j are %j", (text, words) => {
    expect(wordsOf(text)).toBe(words);
  });

  it("stop at the limit", () => {
    expect(wordsOf(`${"a".repeat(MAX_READ_LENGTH)} user unknown`)).toBe("a".repeat(MAX_READ_LENGTH));
  });
});

describe("the command that a text says was refused", () => {
  it.each([
    ["host mx.example.net[192.0.2.1] said: 550 no (in reply to RCPT TO command)", "RCPT"],
    ["host mx.example.net[192.0.2.1] said: 550 no (in reply to end of DATA command)", "DATA"],
    ["SMTP error from remote mail server after MAIL FROM:<a@example.com>: 550 no", "MAIL"],
    ["SMTP error from remote mail server after end of data: host mx.example.net: 550 no", "DATA"],
    ["SMTP error from remote mail server after initial connection: 554 no", "CONNECT"],
    ["192.0.2.1 does not like recipient. Remote host said: 550 no", "RCPT"],
    ["Connected to 192.0.2.1 but sender was rejected. Remote host said: 550 no", "MAIL"],
    ["192.0.2.1 failed after I sent the message. Remote host said: 550 no", "DATA"],
    ["... while talking to mx.example.net.:\n>>> RCPT To:<john@example.com>\n<<< 550 no", "RCPT"],
    [">>> MAIL From:<a@example.com>\n<<< 250 ok\n>>> RCPT To:<b@example.com>\n<<< 550 no", "RCPT"],
    [">>> DATA\n<<< 550 no", "DATA"],
    ["SMTP error from remote server for TEXT command, host: mx.example.net", "DATA"],
    ["host mx.example.net[192.0.2.1] refused to talk to me: 554 no", "CONNECT"],
    ["550 550 no (state 14).", "RCPT"],
    ["550 User unknown", undefined],
  ])("of %j is %s", (text, command) => {
    expect(readText(text).command).toBe(command);
  });
});
