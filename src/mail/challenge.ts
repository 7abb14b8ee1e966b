/**
 * Challenges: a filter of the recipient's holds a mail back until its sender proves to be a person. Nobody will; the
 * address is fine.
 */
import { addressesIn } from "./address-text";
import { addressOf, authorOf } from "./author";
import { fieldBlocksOf, fieldValue } from "./header-fields";
import { type MailMessage, textOfBytes } from "./message";
import { STATUS_TYPE } from "./part-types";
import { plainWords } from "./plain-words";

/** Filters that are known by a header of their own. */
const KNOWN_BY_HEADER: readonly { readonly filter: string; readonly header: string; readonly pattern: RegExp }[] = [
  { filter: "Boxbe", header: "from", pattern: /@(?:[\w-]{1,40}\.)?boxbe\.com\b/i },
  {
    filter: "Mailinblack",
    header: "from",
    pattern: /@(?:invitations?|challenge)\.mail-?in-?black\.com\b|\bmib-daemon@/i,
  },
  { filter: "EarthLink", header: "from", pattern: /\bspamblocker-challenge@/i },
  { filter: "EarthLink", header: "return-path", pattern: /\bspamblocker-challenge@/i },
  { filter: "SpamEnMoins", header: "from", pattern: /@spamenmoins\.com\b/i },
  { filter: "UOL", header: "from", pattern: /antispam[ .@-]?uol\b|@antispam\.uol\.com\.br\b/i },
  { filter: "Vanquish", header: "from", pattern: /@spamguard\.vanquish\.com\b/i },
  {
    filter: "iPermitMail, SpamStomp",
    header: "return-path",
    pattern: /@(?:ipermitmail|spamstomp)\.com\b|\bspamhippo@/i,
  },
  { filter: "Bluebottle", header: "x-bluebottle-request", pattern: /\S/ },
  { filter: "TMDA", header: "message-id", pattern: /\.tmda@/i },
  { filter: "BoxTrapper", header: "subject", pattern: /\bverify[#:][\w-]{6,80}/i },
  { filter: "Active Spam Killer", header: "subject", pattern: /\bconf(?:irm)?[#:][0-9a-f]{16,64}\b/i },
  { filter: "Qurb", header: "subject", pattern: /\[qurb .?\d{1,20}\]$/i },
];

/** TMDA marks all mail of its users; what it writes itself is marked as bulk too. */
const TMDA_AGENT = /^tmda\b/i;

/** Subjects of challenges; people write some of them. */
const SUBJECTS =
  /\(verification required\)|^(?:your )?(?:e ?mail|message) requires (?:verification|confirmation)|^(?:please )?(?:confirm|verify) (?:your|that your) (?:message|mail)\b|^(?:your )?(?:e ?mail|mail|message) to .{1,120}(?:requires|needs|awaits|is awaiting) (?:confirmation|verification|approval)|^unverified e ?mail to |\bsender (?:address )?verification\b|\bauthentification (?:requise|de votre|mail)|\ben attente de (?:validation|confirmation)\b|\bvalidez votre (?:envoi|message)|\bconfirma[rc].{0,20}(?:envio|mensagem|mensaje|correo)\b|\bbestatig.{0,20}(?:nachricht|mail)\b/;

/** What a filter writes into a status field. */
const STATED = /sender not (?:pre ?)?approved/;
/** Words that only people have who write about them; those do not demand anything. */
const PLAIN_WORDS =
  /protecting (?:myself|my inbox|my mailbox|itself|himself|herself) from (?:receiving )?(?:junk|spam|unwanted)|\breal live human\b|\bnot a spam source\b|\bspam ?arrest\b|\bspamblocker\b|\bboxtrapper\b|\bmail ?in ?black\b|\btira teima\b|\bantispam uol\b|suspect e ?mail folder|list of allowed senders|not (?:yet )?on (?:my|his|her|their|the|our|a) (?:guest|approved|allowed|white|safe|accepted|trusted) ?(?:senders? )?list|because your address (?:was|is) not recogni[sz]ed|\bboxbe guest list\b|protected by bluebottle|server requires confirmation|un clic pour delivrer|captcha pour valider/;
/** It is held back, or why. Not an address, as a newsletter has it confirmed. */
const HELD =
  /\b(?:your|the|this) (?:message|e ?mail|mail)\b(?! address).{0,80}\b(?:held|on hold|quarantined?|pending|waiting|undelivered|not (?:yet )?(?:been )?delivered|(?:only )?be delivered|redirected|withheld)\b|\b(?:unknown sender|anti ?spam|protected by|unsolicited e ?mail)\b|(?:mail|message|courriel)\b.{0,60}(?:en attente|pas (?:encore )?ete (?:delivre|remis|distribue))|expediteur inconnu|mensagem.{0,40}nao foi entregue|mensaje.{0,40}(?:retenido|no ha sido entregado)|(?:nachricht|mail)\b.{0,60}zuruckgehalten|迷惑メール対策/;
/** What the sender is to do. */
const DEMAND =
  /\b(?:complete the (?:verification|confirmation|challenge|form|captcha)|(?:verify|confirm|prove|validate|authenticate) (?:that )?(?:you|your|yourself|this|the|it)\b|you are (?:a )?(?:real |live )?(?:human|person)|release (?:your|the|this) (?:message|e ?mail|mail)|empty (?:message|reply|mail)|(?:only|just) (?:have|need|once|this once)|do this (?:only )?once|one time (?:verification|confirmation|process)|simply reply|reply to this|leave the subject|click (?:on )?(?:the|this) (?:link|button|image)|click here|type the (?:word|characters|code|letters))\b|cliquez|cliquer|authentifi|validez|valider|confirmez|\bclique|confirme|haga clic|pulse en|klicken|bestatigen|クリック|点击|點擊/;
const MAX_TEXT_LENGTH = 6_000;

/** A challenge from the filter's own address names the protected one elsewhere. */
const FILTERS_ADDRESS =
  /@(?:[\w-]{1,40}\.)?(?:boxbe|mail-?in-?black|spamenmoins|ipermitmail|spamstomp|vanquish)\.[a-z]{2,6}$|@antispam\.uol\.com\.br$|^(?:spamblocker-challenge|automated-response|mib-daemon)@|@(?:[\w-]{1,40}\.)?spamarrest\.com$/i;

/**
 * Is it a challenge?
 *
 * @param isBulk it went to many: a newsletter that wants a subscription confirmed sounds the same
 */
export function isChallenge(mail: MailMessage, isBulk: boolean): boolean {
  if (KNOWN_BY_HEADER.some(({ header, pattern }) => pattern.test(mail.header(header) ?? ""))) return true;
  if (isBulk) return false;
  if (STATED.test(plainWords((statusTextOf(mail) ?? "").slice(0, MAX_TEXT_LENGTH)))) return true;
  const subject = plainWords((mail.header("subject") ?? "").slice(0, 300)).replace(/^(?:re ?: ?){1,5}/, "");
  const bySubject = SUBJECTS.test(subject);
  if (TMDA_AGENT.test(mail.header("x-delivery-agent") ?? "") && (bySubject || isMarkedBulk(mail))) return true;
  const text = plainWords(mail.text.slice(0, MAX_TEXT_LENGTH));
  const demands = DEMAND.test(text);
  return (PLAIN_WORDS.test(text) && (demands || bySubject)) || (bySubject && demands && HELD.test(text));
}

/**
 * Whose filter it is: the author; where that is the filter itself, whom a status field or Reply-To names.
 */
export function challengedRecipient(mail: MailMessage): string | undefined {
  const author = authorOf(mail);
  if (author !== undefined && !FILTERS_ADDRESS.test(author) && statusTextOf(mail) === null) return author;
  const replyTo = addressOf(mail.header("reply-to"));
  return recipientInStatus(mail) ?? (replyTo !== undefined && !FILTERS_ADDRESS.test(replyTo) ? replyTo : author);
}

function isMarkedBulk(mail: MailMessage): boolean {
  return /^(?:bulk|junk)$/i.test(mail.header("precedence") ?? "");
}

function statusTextOf(mail: MailMessage): string | null {
  const part = mail.parts.find(({ type }) => STATUS_TYPE.test(type));
  return part ? textOfBytes(part.content) : null;
}

/** Boxbe's challenges are delivery status notifications. */
function recipientInStatus(mail: MailMessage): string | undefined {
  const fields = fieldBlocksOf(statusTextOf(mail) ?? "").flat();
  const named = ["original-recipient", "final-recipient"].map((name) => fieldValue(fields, name));
  return [...named, mail.header("x-failed-recipients")].flatMap((value) => addressesIn(value ?? ""))[0];
}
