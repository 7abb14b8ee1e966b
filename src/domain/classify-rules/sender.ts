/** Refusals of whoever sends: authentication, reverse DNS, lists, relaying. */
import type { RuleGrounds, TextRule } from "../classify-rule";

export const SENDER_RULES: readonly TextRule[] = [
  {
    id: "text:authentication",
    class: "block",
    category: "authentication",
    level: "strong",
    wording: [
      "dmarc",
      "spf (?:check|validation|record|hard ?fail|soft ?fail|fail|lookup|auth|sender|verification|policy|permerror|error)[a-z]{0,6}",
      "(?:fail(?:s|ed|ing)?|pass|violat[a-z]{2,4}|per|due to|because of|by) (?:the |its |it s |their |your )?spf",
      "spf{gap} (?:{failed}|{refused}|rejects?|unauthori[sz]ed)",
      "sender policy framework",
      "spf.pobox.com|openspf.(?:org|net)",
      "(?:dkim|domainkeys?|arc){gap} (?:{failed}|{refused}|rejects?|invalid|missing|required|verification)",
      "unauthenticated (?:{mail}|senders?)",
      "(?:sender|{mail}) is (?:unauthenticated|not authenticated)",
      "senders to authenticate",
      "fails? to pass authentication checks",
      "has not passed validation",
    ],
  },
  {
    id: "text:login-required",
    class: "block",
    category: "authentication",
    level: "strong",
    wording: [
      "authentication (?:is )?(?:required|failed|failure|credentials invalid|unsuccessful|rejected|turned on)",
      "(?:must|need to|please|turn on|requires?) (?:smtp )?(?:authenticat(?:e|ion)|auth|log ?in)",
      "not authenticated",
      "(?:invalid|bad|incorrect|wrong) (?:login|credentials|password|username or password|authentication data)",
      "authentification (?:requise|invalide)",
      "not a registered gateway user",
    ],
  },
  {
    id: "text:reverse-dns",
    class: "block",
    category: "reverse-dns",
    level: "strong",
    wording: [
      "reverse (?:dns|host ?names?|lookups?|mapping|records?|address|names?)",
      "ptr|rdns",
      "{cannot} (?:find|resolve|verify|determine) your (?:reverse )?(?:host ?name|address|ip)",
      "ip (?:name )?lookup failed",
      "unresolvable relay host name",
      "mismatch(?:es)? client ip",
      "possibly forged",
      "no matches to nameserver query",
      "full ?circle dns",
      "hostname{near} {doesnot} resolve",
    ],
  },
  {
    id: "text:helo-refused",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: [
      "(?:helo|ehlo)(?: (?:command|argument|name|hostname|string|domain|host|ehlo|helo)){0,2}{near} (?:{refused}|invalid|not found|mismatch|bad|{doesnot} resolve)",
      "(?:bad|invalid|empty|forged|illegal|incorrect) (?:helo|ehlo)",
      "polite people say (?:helo|ehlo)",
    ],
  },
  {
    id: "text:blocklisted",
    class: "block",
    category: "policy-related",
    level: "strong",
    wording: [
      // Lists and services
      "spamhaus|spamcop|sorbs|barracudacentral|abuseat|cloudmark|senderscore|invaluement|uceprotect|surbl|uribl|njabl|dsbl|abuse.ch|manitu|mailspike|spamrats|backscatterer",
      "(?:rbl|dnsbl|rhsbl|drbl|block ?list|black ?list|deny ?list)[a-z]{0,4}",
      "(?:black|block|deny) ?list(?:ed|ing)",
      "(?:is|are|was|been|being) (?:currently |temporarily |still )?listed (?:at|by|in|on|as)",
      "listed as abusive",
      "blocked (?:using|by|for (?:abuse|spam))",
      "(?:refused|rejected|denied|blocked) due to abuse",
      "not in (?:the |our |a )?(?:white|allow) ?list",
      // Reputation
      "(?:poor|low|bad|negative|very low|ip|domain|sender|client|connecting ip|email|senderbase) reputation",
      "reputation of (?:your|the|this)",
      "due to reputation",
      // The client's address
      "ip (?:address )?(?:[0-9a-f.:]{3,40} )?{refused}",
      "access from ip(?: address)?{near} blocked",
      "(?:your|client|sending|remote) (?:ip|network|host|server|mail server|domain)(?: address)?{near} {refused}",
      "client host{near} {refused}",
      "mail from [0-9.]{7,15} refused",
      "(?:extreme )?bad (?:sender )?ip(?: address| profile)?",
      "dynamic (?:ip|address|zombied?|pool)[a-z]{0,3}",
      "open (?:proxy|relay)",
      "invalid ip for sending",
      "looks suspiciously like spammer",
      // What it should do instead
      "(?:fix|confirm) this mail server",
      "your server requires confirmation",
      "use the smtp server of your isp",
      "service permits [0-9]{1,4} unverif",
      "(?:we|i) {doesnot} accept (?:{mail}|connections?) from (?:you|your|dynamic|hosts? with)",
      "you are not allowed to connect",
      "not accepting connections",
      "server access{near} forbidden",
      "go away",
    ],
  },
  {
    id: "text:relaying",
    class: "soft",
    category: "relaying-issues",
    level: "strong",
    wording: [
      "relay(?:ing)?{gap} (?:{refused}|disabled|unauthori[sz]ed)",
      "(?:{refused}|no) relay(?:ing)?",
      "(?:unable|not (?:permitted|allowed|authori[sz]ed|configured|able)|refus(?:e|es|ed|ing)|denied) to relay",
      "(?:we|i|system|server) (?:{doesnot}|wont) relay",
      "relay rejected|as a relay|insecure mail relay|not an open relay",
      "invalid credentials for relay",
      "list of allowed rcpthosts",
      "requires authentication when attempting to send to a non local",
      "delivery is not allowed to this address",
      "i (?:can ?not|cant) deliver mail for",
      "not (?:a )?(?:local|hosted) domain",
      "domain is not (?:local|hosted|handled)",
    ],
  },
];

export const SENDER_GROUNDS: RuleGrounds = {
  "text:authentication": {
    because: "receivers name the mechanism that failed: SPF, DKIM, DMARC, ARC",
    examples: [
      "550 5.7.26 This mail is unauthenticated: unauthenticated email from example.com is not accepted due to domain's DMARC policy",
      "550 5.7.23 SPF validation failed for example.com",
      "550 5.7.1 192.0.2.4 is not allowed to send from example.com per it's SPF Record",
      "550 5.7.20 DKIM signature verification failed",
    ],
  },
  "text:login-required": {
    because: "submission servers want a login before they take mail; that is between the sender and its own server",
    examples: [
      "530 5.7.0 Authentication required",
      "535 5.7.8 Authentication failed: user unknown",
      "550 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
    ],
  },
  "text:reverse-dns": {
    because: "receivers ask for a PTR record that leads back to the client's address, and say so where it is missing",
    examples: [
      "550 5.7.25 The IP address sending this message does not have a PTR record",
      "450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.8]",
      "550 5.7.1 Fix reverse DNS for 192.0.2.8",
    ],
  },
  "text:helo-refused": {
    because: "the client's greeting is refused, whatever it is that is 'not found' about it",
    examples: ["450 4.7.1 <mail.example.com>: Helo command rejected: Host not found", "501 5.5.4 Invalid HELO name"],
  },
  "text:blocklisted": {
    because: "receivers name the list that has the client's address or domain, or the reputation that it lacks",
    examples: [
      "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
      "550 Your IP is blacklisted, see our postmaster page",
      "554 5.7.1 <mx.example.com[192.0.2.1]>: Client host rejected: Access denied",
      "550 Access from ip address 192.0.2.1 blocked",
      "550 5.7.1 Our system has detected that this message is likely suspicious due to the very low reputation of the sending IP address",
    ],
  },
  "text:relaying": {
    because:
      "a server that the domain's MX records name but that is not set up for it refuses to relay: the domain is misconfigured, which passes",
    examples: [
      "554 5.7.1 <john@example.net>: Relay access denied",
      "550 5.7.1 Unable to relay",
      "550 relaying to <john@example.net> prohibited by administrator",
      "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
      "553 you are trying to use me [server-1.example.net] as a relay, but I have not been configured to let you [192.0.2.4] do this.",
    ],
  },
};
