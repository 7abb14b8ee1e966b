/// <reference types="vite/types/importMeta.d.ts" />
/** Mails for the tests: those of `test/fixtures/mail`, and small ones made where they are needed. */
import { utf8Bytes } from "../../src/crypto/encoding";
import { type MailMessage, parseMail } from "../../src/mail/message";

const MAILS = import.meta.glob<string>("../fixtures/mail/*/*.eml", { query: "?raw", import: "default", eager: true });
const EXPECTED = import.meta.glob<unknown>("../fixtures/mail/*/*.expected.json", { import: "default", eager: true });

export interface MailFixture {
  readonly name: string;
  readonly raw: string;
  readonly expected: unknown;
}

/** The fixtures of one folder; one without an expectation fails. */
export function mailFixtures(folder: string): MailFixture[] {
  const paths = Object.keys(MAILS).filter((path) => path.includes(`/${folder}/`));
  return paths.map((path) => {
    const expectation = path.replace(/\.eml$/, ".expected.json");
    if (!(expectation in EXPECTED)) throw new Error(`${path} has no expectation`);
    const name = path.slice(path.lastIndexOf("/") + 1, -".eml".length);
    return { name, raw: MAILS[path] ?? "", expected: EXPECTED[expectation] };
  });
}

export function parsed(raw: string): Promise<MailMessage> {
  return parseMail(utf8Bytes(raw));
}

/** A mail of Mara's with a plain text; headers may be replaced and added, and left out with an empty value. */
export function mailWith(headers: Readonly<Record<string, string>>, text = "Hello."): Promise<MailMessage> {
  const all = {
    From: "Mara <mara@example.net>",
    To: "bounce+77@news.example.com",
    Subject: "Re: Spring collection",
    "Message-ID": "<m1@example.net>",
    "Content-Type": "text/plain; charset=utf-8",
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== "");
  return parsed(`${lines.map(([name, value]) => `${name}: ${value}`).join("\r\n")}\r\n\r\n${text}\r\n`);
}
