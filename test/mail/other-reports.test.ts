import { describe, expect, it } from "vitest";
import { otherReportOf } from "../../src/mail/other-reports";
import { mailFixtures, mailWith, parsed } from "./mails";

describe("a report about something else", () => {
  it.each(mailFixtures("other"))("is told apart: $name", async ({ raw, expected }) => {
    expect(otherReportOf(await parsed(raw))).toEqual(expected);
  });
});

describe("a read receipt in words", () => {
  const RECEIPTS: readonly (readonly [string, string])[] = [
    ["Read: News", "Your message was read on Monday."],
    ["Not read: News", "Your message was deleted without being read on Monday."],
    ["Gelesen: News", "Ihre Nachricht wurde am Montag gelesen."],
    ["Ungelesen: News", "Ihre Nachricht wurde ungelesen gelöscht. Sie wurde nicht gelesen."],
    ["Lu : News", "Votre message a été lu le lundi."],
    ["Leído: News", "El mensaje se leyó el lunes."],
    ["Letto: News", "Il messaggio è stato letto lunedì."],
    ["Lida: News", "A mensagem foi lida na segunda."],
    ["Gelezen: News", "Uw bericht is gelezen op maandag."],
    ["Läst: News", "Meddelandet lästes på måndagen."],
    ["Прочтено: News", "Сообщение было прочитано в понедельник."],
    ["開封済み: News", "メッセージは月曜日に開封されました。"],
    ["已读: News", "邮件已读。"],
    ["읽음: News", "메시지를 읽었습니다."],
  ];

  it.each(RECEIPTS)("is known by subject and text: %s", async (subject, text) => {
    expect(otherReportOf(await mailWith({ Subject: subject }, text))).toBe("read_receipt");
  });

  it.each(RECEIPTS)("is none by its subject alone: %s", async (subject) => {
    expect(otherReportOf(await mailWith({ Subject: subject }, "Have a look."))).toBeNull();
  });

  it("is none by its text alone", async () => {
    expect(otherReportOf(await mailWith({ Subject: "News" }, "Your message was read on Monday."))).toBeNull();
  });
});

describe("an aggregate report", () => {
  it.each([
    ["Report Domain: example.com Submitter: example.net Report-ID: 1"],
    ["[External] Report domain: example.com"],
    ["Report_Domain: example.com"],
  ])("is known by its subject: %s", async (subject) => {
    expect(otherReportOf(await mailWith({ Subject: subject }))).toBe("dmarc");
  });

  it("is no mail that is about one", async () => {
    expect(otherReportOf(await mailWith({ Subject: "Your DMARC report domain settings" }))).toBeNull();
  });
});
