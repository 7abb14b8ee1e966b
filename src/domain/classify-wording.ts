/**
 * How wordings in the rules are written, and what they become.
 *
 * A wording is the source of a regular expression over the plain words of a text (`classify-reading.ts`), with three
 * conventions: it begins and ends at word boundaries; a blank also admits a mail address, because where a server puts
 * the address in its sentence says nothing; and a name in braces stands for the fragment of that name below. There is
 * no `*` and no `+`: every repetition has an upper bound.
 */

/** After these words it is the sender's address, a client's or an IP address that is meant. */
const OF_OTHERS =
  "senders?|sending|smtp|from|ip|your|source|return|reply|client|bounce|originator|network|mac|envelope|my";
/** Before these words it is something of the mailbox that is meant, or its server. */
const OF_MAILBOXES =
  "status|state|(?:e ?mail |mail )?(?:servers?|systems?|hosts?)|size|type|location|quota|format|count|certificate|policy|youre|you are";
const WORD = "[^ .][^ ]{0,63}";
const NOT = "(?:n ?t|not)";
/** A guess is no evidence: "the account may no longer exist". */
const SURE = "(?!(?:may|might|if|whether|perhaps|possibly|maybe|probably)(?![a-z]))";

/** Blanks in them are as they stand. */
const FRAGMENTS: Readonly<Record<string, string>> = {
  /** Whoever is to receive. */
  who: `(?<!(?:${OF_OTHERS}) (?:e ?mail |mail )?)(?:user(?: ?(?:name|id|account))?s?|recipients?(?: address)?|reciepients?|rcpt|mail ?box(?:es)?|mail ?drop|accounts?|address(?:es|ee)?|addressees?|alias(?:es)?|local ?part|inbox|subscriber|person|customer)(?! (?:${OF_MAILBOXES})(?![a-z]))`,
  /** Adjectives of mailboxes, with the blank before each. */
  kind: "(?: (?:a|an|the|such|valid|local|virtual|remote|final|final delivery|destination|target|smtp|internal|internet|gateway|envelope|delivery|mail|e ?mail|exchange|domino|intended|external|matching|specified|requested|other|or|and|illegal|invalid|unknown|missing|inactive)){0,3}",
  /** What can be full. */
  box: "(?:mail ?box|inbox|mail ?folder|mail ?dir|mail ?drop|mail ?file|mail ?store|mail ?spool|account|storage)",
  /** The recipient's domain or host. */
  domain:
    "(?<!(?:senders?|sending|from|your|helo|ehlo|client|spf|dkim|originating|return|envelope|connecting|invalid) )(?:(?:mail |e ?mail |dns |destination |recipient |remote |domain )?(?:domain|host)(?:name| name)?)",
  mail: "(?:(?:e ?)?mails?|messages?)",

  /** One word, such as a local part. */
  word: WORD,
  /** One word more. */
  name: `(?: ${WORD})?`,
  /** Up to two words of the same sentence, none of which makes a guess of it. */
  near: `(?: ${SURE}${WORD}){0,2}`,
  /** Up to six. */
  gap: `(?: ${SURE}${WORD}){0,6}`,

  /** `isn't` has lost its apostrophe by now, or had it mangled. */
  isnot: `(?:(?:is|was|are|were|has|have|had|does|do|could|can) ?${NOT}(?: been| be)?|not)`,
  doesnot: `(?:do(?:es)?|did|will) ?${NOT}`,
  cannot: `(?:(?:can|could|did|does|do|was|were) ?${NOT}|cant|not|unable to|failed to)`,
  noexist: `(?:(?:do|does|did) ?${NOT} (?:currently |seem to |appear to )?exists?|(?:is |are )?(?<!may |might |could )(?:not|no) exists?|(?:is |are )?non ?exist[ae]nt|(?:is |are )?not existing|inexist[ae]nt)`,
  unknown: "(?:is |was |are |were )?(?:currently )?(?:unknown|not known|unrecogni[sz]ed|not recogni[sz]ed)",
  /** Of recipients in the plural, whom a sender should not have. */
  bogus: "(?:invalid|unknown|bad|non ?existe?nt|wrong|failed)",
  full: "(?:full|overflow(?:ed|ing)?|over ?filled)",
  exceeded: "(?:exceed(?:s|ed|ing)?|exeeded|reached|exhausted|hit)",
  quota:
    "(?:(?:mail ?box |disk |disc |disk ?space |storage |space |user |mail |email |local |inbox )?(?:quota|allocation)s?)",
  refused:
    "(?:(?:is|was|are|has been|have been|been|temporarily|currently|permanently) ){0,2}(?:denied|rejected|refused|blocked|banned|prohibited|forbidden|disallowed|restricted|black ?listed|not (?:allowed|accepted|permitted|authori[sz]ed))",
  failed: "(?:fail(?:s|ed|ure)?|(?:did ?(?:n ?t|not)|does ?(?:n ?t|not)|not) pass(?:ed)?)",

  german:
    "(?:empf(?:a|ae)nger(?:adresse)?s?|benutzer(?:name)?|nutzer|adressat|postfach|mailbox|(?:e ?mail ?)?adresse|(?:e ?mail ?)?konto|account)",
};

/** A blank in a wording: what stands between two words once addresses count for nothing. */
const BLANK = " (?:@ ){0,2}";

/**
 * @returns the source of a fragment
 * @throws where there is none of that name: a mistake in the rules
 */
export function fragment(name: string): string {
  const source = FRAGMENTS[name];
  if (source === undefined) throw new Error(`no fragment is called ${name}`);
  return source;
}

/**
 * @returns the source of the regular expression that a wording stands for
 * @throws where it names a fragment that there is none of
 */
export function sourceOf(wording: string): string {
  const open = wording
    .replace(/ (\??)/g, (_, optional: string) => (optional ? `(?:${BLANK})?` : BLANK))
    .replace(/\{([a-z]+)\}/g, (_, name: string) => fragment(name));
  return `(?<![a-z0-9])(?:${open})(?![a-z0-9])`;
}
