import { describe, expect, it } from "vitest";
import { readAutoReply, readChallenge } from "../../src/mail/auto-reply";
import { EUROPEAN_PHRASES } from "../../src/mail/auto-reply-phrases";
import { WORLD_PHRASES } from "../../src/mail/auto-reply-phrases-world";
import { phrasesIn } from "../../src/mail/phrase-list";
import { mailFixtures, mailWith, parsed } from "./mails";

const FIXTURES = mailFixtures("auto-reply");
const LANGUAGES = Object.entries({ ...EUROPEAN_PHRASES, ...WORLD_PHRASES }).map(
  ([language, { automatic, absence, away }]) =>
    [language, { automatic: phrasesIn(automatic), absence: phrasesIn(absence), away: phrasesIn(away) }] as const,
);
const ANSWERS_OURS = { "In-Reply-To": "<77.1@news.example.com>" };

describe("an auto-reply", () => {
  it.each(FIXTURES)("is read as expected: $name", async ({ raw, expected }) => {
    expect(readAutoReply(await parsed(raw))).toEqual(expected);
  });
});

describe("a subject", () => {
  it("is understood in at least forty languages, each with words of its own", () => {
    expect(LANGUAGES.length).toBeGreaterThanOrEqual(40);
    expect(Object.keys(EUROPEAN_PHRASES).filter((language) => language in WORLD_PHRASES)).toEqual([]);
    for (const [language, { automatic }] of LANGUAGES) expect(automatic.length, language).toBeGreaterThan(0);
  });

  it.each(LANGUAGES)("says so alone by a prefix: %s", async (_language, { automatic, absence }) => {
    for (const phrase of [...automatic, ...absence]) {
      const read = readAutoReply(await mailWith({ Subject: `${phrase}: Spring` }));
      expect(read?.recipient, phrase).toBe("mara@example.net");
    }
  });

  it.each(LANGUAGES)("says so by a single word where the mail answers ours: %s", async (_language, { away }) => {
    for (const word of away) {
      const subject = { Subject: `${word}: Spring` };
      expect(readAutoReply(await mailWith({ ...subject, ...ANSWERS_OURS })), word).not.toBeNull();
      expect(readAutoReply(await mailWith(subject)), word).toBeNull();
    }
  });

  it.each([
    ["AUTOMATIC REPLY: Spring"],
    ["Automatic reply"],
    ["Automatic Reply to your mail"],
    ["Auto-Reply: Spring"],
    ["[Auto-Reply] Spring"],
    ["[EXTERNAL] Automatic reply: Spring"],
    ["Out-of-Office: Spring"],
    ["Out of Office AutoReply: Spring"],
    ["Out of Office Re: Spring"],
    ["Reponse automatique : Printemps"],
    ["RISPOSTA AUTOMATICA R: Primavera"],
    ["[Automatyczna odpowiedź] Wiosna"],
    ["OTOMATİK YANIT: Bahar"],
    ["自動応答：春"],
    ["【自動返信】春"],
    ["Frånvaromeddelande: Vår"],
    ["Automatická odpověď: Jaro"],
    ["Automatikus válasz: Tavasz"],
    ["Răspuns automat: Primăvara"],
    ["Αυτόματη απάντηση: Άνοιξη"],
    ["Автоматический ответ: Весна"],
    ["Відсутній на роботі: Весна"],
    ["מענה אוטומטי: אביב"],
    ["\u200fرد تلقائي: ربيع"],
    ["پاسخ خودکار: بهار"],
    ["स्वचालित उत्तर: वसंत"],
    ["ตอบกลับอัตโนมัติ: ฤดูใบไม้ผลิ"],
    ["Trả lời tự động: Mùa xuân"],
    ["不在のお知らせ"],
    ["來自王偉的自動回覆: 春天"],
    ["来自王伟的自动回复: 春天"],
    ["자동 회신: 봄"],
    ["=?utf-8?B?2LHYryDYqtmE2YLYp9im2Yo6IE5ld3M=?="],
  ])("is a prefix in many spellings: %s", async (subject) => {
    expect(readAutoReply(await mailWith({ Subject: subject }))).not.toBeNull();
  });

  it.each([
    ["Out of office policy"],
    ["Automatic reply not working"],
    ["Automatic replies in Outlook"],
    ["Automatisches Backup: fertig"],
    ["Auto: Golf zu verkaufen"],
    ["Vacation rentals"],
    ["Holiday"],
    ["Abwesenheit am Donnerstag"],
    ["Hors du bureau, le podcast"],
    ["外出自粛のお知らせ"],
    ["Fwd: Automatic reply: Spring"],
    ["Re: Automatic reply: Spring"],
    ["Re: Out of office: Spring"],
    ["Spring: why we are out of office space"],
  ])("is no prefix when people use the words: %s", async (subject) => {
    expect(readAutoReply(await mailWith({ Subject: subject }))).toBeNull();
  });

  it.each([
    ["Re: Automatic reply: Spring", "I am out of the office until May."],
    ["Out of office until 12 May", "I am on vacation."],
    ["Spring (out of office)", "Ich bin im Urlaub."],
    ["Mara is out of the office.", "I will be out of the office until May."],
  ])("that people may write needs a sentence of absence: %s", async (subject, text) => {
    expect(readAutoReply(await mailWith({ Subject: subject }, text))).toMatchObject({ category: "vacation" });
    expect(readAutoReply(await mailWith({ Subject: subject }, "See below."))).toBeNull();
  });
});

describe("a header", () => {
  it.each([
    [{ "Auto-Submitted": "auto-replied" }],
    [{ "Auto-Submitted": "Auto-Replied (vacation)" }],
    [{ "Auto-Submitted": 'auto-replied; owner-email="mara@example.net"' }],
    [{ "Auto-Submitted": "auto-notified" }],
    [{ "X-Autoreply": "yes" }],
    [{ "X-Autorespond": "Spring" }],
    [{ "X-Autoresponder": "1" }],
    [{ "X-Auto-Reply-From": "mara@example.net" }],
    [{ "X-Mail-Autoreply": "1" }],
    [{ "X-MDAutoResponder": "mara@example.net" }],
    [{ Precedence: "auto_reply" }],
    [{ "X-Precedence": "auto-reply" }],
    [{ "X-MS-Exchange-Inbox-Rules-Loop": "mara@example.net" }],
    [{ "X-MS-Exchange-Generated-Message-Source": "Mailbox Rules Agent" }],
    [{ "X-Apple-Action": "VACATION/1" }],
    [{ "X-POST-MessageClass": "9; Autoresponder" }],
    [{ "X-Autogenerated": "Reply" }],
    [{ "Delivered-To": "Autoresponder" }],
    [{ "X-Mailer": "vacation 1.2.7" }],
  ])("is enough: %o", async (headers: Record<string, string>) => {
    expect(readAutoReply(await mailWith({ Subject: "Spring", ...headers }))).toMatchObject({
      kind: "auto_reply",
      recipient: "mara@example.net",
    });
  });

  it.each([
    [{ "Auto-Submitted": "auto-generated" }],
    [{ "X-Auto-Response-Suppress": "All" }],
    [{ Precedence: "bulk" }],
    [{ Precedence: "junk" }],
    [{ "Return-Path": "<>" }],
    [{ "X-Loop": "mara@example.net" }],
  ])("of automatic mail needs a second sign: %o", async (headers: Record<string, string>) => {
    const mail = { Subject: "Spring", ...headers };
    expect(readAutoReply(await mailWith(mail))).toBeNull();
    expect(readAutoReply(await mailWith(mail, "I am out of the office until May."))).not.toBeNull();
    expect(readAutoReply(await mailWith(mail, "Dies ist eine automatische Antwort."))).not.toBeNull();
  });

  it("of automatic mail has a second sign in that it answers ours, but not in that it answers its own", async () => {
    const automatic = { Subject: "Spring", "Auto-Submitted": "auto-generated" };
    expect(readAutoReply(await mailWith({ ...automatic, ...ANSWERS_OURS }))).not.toBeNull();
    expect(readAutoReply(await mailWith({ ...automatic, "In-Reply-To": "<m0@example.net>" }))).toBeNull();
  });

  it.each([
    [{ "X-Autoreply": "no" }],
    [{ "X-Autogenerated": "Mirror" }],
    [{ "X-Auto-Response-Suppress": "DR, RN" }],
    [{ "Delivered-To": "autoresponders@example.net" }],
  ])("is no sign: %o", async (headers: Record<string, string>) => {
    expect(readAutoReply(await mailWith({ Subject: "Spring", ...headers }, "I am on vacation."))).toBeNull();
  });

  it.each([
    [{ "List-Id": "<users.example.org>" }],
    [{ "List-Unsubscribe": "<https://example.org/u>" }],
    [{ "Feedback-ID": "1:2:3:example" }],
    [{ Precedence: "list" }],
    [{ "X-GitLab-Project": "1" }],
  ])("of mail to many outweighs subject, text and private headers: %o", async (headers: Record<string, string>) => {
    const text = "I am out of the office. This is an automatic reply.";
    for (const others of [{ Subject: "Automatic reply: Spring" }, { "X-Autoreply": "yes" }, ANSWERS_OURS]) {
      expect(readAutoReply(await mailWith({ ...others, ...headers }, text))).toBeNull();
    }
    const stated = await mailWith({ "Auto-Submitted": "auto-replied", ...headers }, text);
    expect(readAutoReply(stated)).not.toBeNull();
  });
});

describe("the one who replies", () => {
  const replied = { "Auto-Submitted": "auto-replied" };

  it.each([
    [{ From: '"jo@example.org" <mara@example.net>' }, "mara@example.net"],
    [{ From: "mara@example.net (Mara)" }, "mara@example.net"],
    [{ From: "no-reply@example.net", "Reply-To": "mara@example.net" }, "no-reply@example.net"],
    [{ From: "", "Reply-To": "mara@example.net" }, "mara@example.net"],
    [{ From: "Mara", Sender: "<mara@example.net>" }, "mara@example.net"],
  ])("is the author: %o", async (headers: Record<string, string>, address) => {
    expect(readAutoReply(await mailWith({ ...headers, ...replied }))).toMatchObject({ recipient: address });
  });

  it.each([
    ["MAILER-DAEMON@mx.example.net"],
    ["Mail Delivery Subsystem <mailer-daemon@mx.example.net>"],
    ["postmaster@example.net"],
    ["Mail Delivery System <bounces@example.net>"],
    ["MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.net"],
    [""],
    ["undisclosed"],
  ])("is nobody: %s", async (From) => {
    expect(readAutoReply(await mailWith({ From, ...replied }))).toBeNull();
  });

  it("is not the one whose report it is", async () => {
    const type = 'multipart/report; report-type=delivery-status; boundary="b"';
    expect(readAutoReply(await mailWith({ ...replied, "Content-Type": type }))).toBeNull();
  });
});

describe("what sort of auto-reply it is", () => {
  it.each([
    ["I am on vacation until May.", "vacation"],
    ["Je suis absente jusqu'au 12.", "vacation"],
    ["不在にしております。", "vacation"],
    ["Mara no longer works here.", "left-company"],
    ["Frau Muster ist nicht mehr bei uns.", "left-company"],
    ["Mara ne fait plus partie de la société.", "left-company"],
    ["退職いたしました。", "left-company"],
    ["This address is no longer in use.", "address-changed"],
    ["Meine neue E-Mail-Adresse lautet anders.", "address-changed"],
    ["Mi nueva dirección es otra.", "address-changed"],
    ["We have received your message.", "ticket"],
    ["Ihre Anfrage ist bei uns eingegangen.", "ticket"],
    ["Hello.", "auto-reply"],
    ["> I am on vacation until May.", "auto-reply"],
  ])("is told by its text: %s", async (text, category) => {
    expect(readAutoReply(await mailWith({ "Auto-Submitted": "auto-replied" }, text))).toMatchObject({ category });
  });
});

describe("a challenge", () => {
  const HELD = "Your message is being held. Please click the link below to verify that you are a person.";

  it.each([
    [{ Subject: "Re: Spring (verification required)" }, "I am protecting myself from receiving junk mail. Click here."],
    [{}, "This address is protected by spamBlocker. Click the link below to get on the list of allowed senders."],
    [{}, "Just this once, click the link. You are not on my guest list."],
    [{ Subject: "Please confirm your message" }, HELD],
    [{ Subject: "Your mail to Mara requires confirmation" }, HELD],
    [{ Subject: "Spring", From: "AntiSpam UOL <mara@example.net>" }, "Clique no link abaixo."],
    [{ Subject: "Votre envoi est en attente de validation" }, "Votre message n'a pas été délivré. Cliquez ici."],
    [{ Subject: "Spring [Qurb #123456]" }, "Answer me."],
    [{ Subject: "Hello", "X-Bluebottle-Request": "1" }, "Answer me."],
  ])("is known: %o %s", async (headers: Record<string, string>, text) => {
    const read = readChallenge(await mailWith(headers, text));
    expect(read).toEqual({ kind: "auto_reply", recipient: "mara@example.net", category: "challenge" });
  });

  it.each([
    [{ Subject: "Please confirm your subscription" }, "Click the link below to confirm that you want our mails."],
    [{ Subject: "Verify your account" }, "Please click here to verify that you are a person. Your account is pending."],
    [{ Subject: "Spam filters" }, "Your message about anti-spam was good. Reply to this when you like."],
    [{ Subject: "Please confirm your message", "List-Id": "<users.example.org>" }, HELD],
    [{}, "Thanks! Click here for the photos."],
  ])("is none: %o %s", async (headers: Record<string, string>, text) => {
    expect(readChallenge(await mailWith(headers, text))).toBeNull();
  });

  it("from the filter's address is about the one it answers for", async () => {
    const mail = await mailWith({ From: "Filter <x1@boxbe.com>", "Reply-To": "mara@example.net" });
    expect(readChallenge(mail)).toMatchObject({ recipient: "mara@example.net" });
  });
});

it("reads hostile mails in a time that grows no faster than they do", async () => {
  const parts = [
    "re: ",
    "[a] ",
    "out of office ",
    "your message ",
    "((((",
    "click the ",
    "- ",
    "> ",
    "е\u0301",
    "is ",
    "自",
  ];
  for (const part of parts) {
    const long = part.repeat(200_000 / part.length);
    const mail = await mailWith({ Subject: long, "Auto-Submitted": "auto-generated", References: long }, long);
    const start = performance.now();
    readAutoReply(mail);
    expect(performance.now() - start, part).toBeLessThan(200);
  }
});
