/** Domains that do not exist or take no mail, and look-ups that only failed for now. */
import type { RuleGrounds, TextRule } from "../classify-rule";

/** PowerMTA and Momentum say 4 of a look-up that they will repeat. */
const NO_MX = "no (?:valid |usable )?mx(?: or a)?(?: records?)? (?:for|found)";

/** Tried before the words that look like a final answer. */
export const LOOKUP_RULES: readonly TextRule[] = [
  {
    id: "text:domain-not-found-yet",
    class: "soft",
    category: "routing-errors",
    level: "strong",
    wording: ["(?:recipient )?address rejected domain not found"],
    when: { finality: "transient" },
  },
  {
    id: "text:no-mx-yet",
    class: "soft",
    category: "routing-errors",
    level: "strong",
    wording: [NO_MX],
    when: { finality: "transient" },
  },
  {
    id: "text:lookup-failed",
    class: "soft",
    category: "routing-errors",
    level: "strong",
    wording: [
      "(?:host|domain|name|server) not found (?:[.] )?try again",
      "name service error{gap} (?:try again|malformed|unexpected|timed out)",
      "servfail|server failure|serv fail|eai again|eservfail",
      "(?:temporary|temporarily|transient|soft) (?:dns|name server|resolver|lookup|resolution|failure in name)",
      "dns (?:temporary|temporarily|transient|soft|query|lookup|server|look up|resolution|resolver) (?:error|failure|failed|timed ?out|time ?out)",
      "dns (?:error|failure|timeout)(?! (?:[0-9]{1,12} )?(?:dns type|nxdomain|name not found|domain name not found|dns server returned))",
      "(?:host|name|domain|hostname|address) (?:name )?look ?up (?:failure|failed temporarily|did not complete|error|deferred|timed out)",
      "cname lookup failed|(?:lookup|resolution) failed temporarily",
      "malformed (?:or unexpected )?name server reply",
      "temporarily unable to (?:resolve|lookup|look up)",
      "{cannot} (?:be resolved|resolve) (?:temporarily|at this time)",
      "dns soft error|could not contact dns|violates rfc 1035",
      "could not find a gateway for",
      "dns records for the destination computer could not be found",
    ],
  },
];

export const LOOKUP_GROUNDS: RuleGrounds = {
  "text:domain-not-found-yet": {
    because: "Postfix answers 450 'Domain not found' both for a name that is not there and for a look-up that failed",
    examples: ["450 4.1.2 <john@example.net>: Recipient address rejected: Domain not found"],
  },
  "text:no-mx-yet": {
    because: "an MTA that reports its own look-up with a 4 will look again",
    examples: ["454 4.4.4 [internal] no MX or A for domain"],
  },
  "text:lookup-failed": {
    because: "a resolver that gets no answer (SERVFAIL, timeout) does not know whether the domain exists",
    examples: [
      "Host or domain name not found. Name service error for name=example.net type=MX: Host not found, try again",
      "450 4.4.3 example.net: host name lookup failure",
      "CNAME lookup failed temporarily. (#4.4.3)",
      "DNS Error: 1234567 DNS type 'mx' lookup of example.net responded with code SERVFAIL",
    ],
  },
};

export const DOMAIN_RULES: readonly TextRule[] = [
  {
    id: "text:domain-unknown",
    class: "hard",
    category: "bad-domain",
    level: "strong",
    wording: [
      "{domain}(?: or domain name)?{name} (?:(?:is |was )?(?:not found|unknown|not known|unresolvable)|{noexist}|{cannot} be (?:found|resolved))",
      "(?:unknown|no such|non ?existe?nt|unresolvable|bad destination) (?:mail |destination |recipient |remote |e ?mail |dns )?(?:host|domain)(?:name| name)?",
      "illegal host domain name",
      "nxdomain|nonexistentdomain|enotfound|hostunknown|domainnotfound",
      "dns server returned answer with no data|dns hard error|domain lookup failed",
      "unroute?able (?:address|mail domain|domain)|unrouteable",
      NO_MX,
      "no (?:valid |usable )?mx{near} (?:or|nor|and){gap} (?:records?|found|for)",
      "no (?:mx|mail exchanger|a|dns) (?:records?|hosts?|or ip address){name} (?:found|exists?|for)",
      "(?:has no|{doesnot} have an?y?) (?:mx|mail exchanger|dns)",
      "{cannot} find (?:any host|a mail exchanger or ip address|the (?:recipient|destination) domain)",
      "all relevant mx records point to non existent hosts",
      "all host address lookups failed permanently",
      "(?:name or service|nodename nor servname) (?:not known|provided)",
      "no mail servers appear to exist|mx {doesnot} exist",
      "domain not used for mail|domain is not reachable|recipient domain must exist|is a dead domain",
      "domain (?:has )?expired|expired domain",
    ],
  },
  {
    id: "text:domain-invalid",
    class: "hard",
    category: "bad-domain",
    level: "strong",
    wording: ["invalid (?:recipient )?domain(?: name)?"],
    when: { status: ["4.4", "1.2"] },
  },
  {
    id: "text:null-mx",
    class: "hard",
    category: "null-mx",
    level: "strong",
    wording: [
      "null ?mx",
      "(?:host|domain|server|machine|system|address) (?:{doesnot}|never) (?:accept|receive|take)s? (?:any )?{mail}(?! from)",
      "mx or srv record indicated no smtp service",
      "no route for current request",
      "name server . host not found",
    ],
  },
];

export const DOMAIN_GROUNDS: RuleGrounds = {
  "text:domain-unknown": {
    because: "the domain name system answers for good that there is no such name, or neither MX nor address for it",
    examples: [
      "Host or domain name not found. Name service error for name=example.invalid type=MX: Host not found",
      "550 5.1.2 Unknown domain",
      "550 5.1.2 <john@example.invalid>... Host unknown (Name server: example.invalid: host not found)",
      "Sorry, I couldn't find any host named example.invalid. (#5.1.2)",
      "DNS Error: 27622840 DNS type 'mx' lookup of example.invalid responded with code NXDOMAIN Domain name not found: example.invalid",
      "550 5.4.310 DNS domain example.invalid does not exist [Message=InfoDomainNonexistent]",
      "Unrouteable address",
    ],
  },
  "text:domain-invalid": {
    because: "with a code of routing or of the destination's system, the domain that is invalid is the recipient's",
    examples: ["550 5.4.4 Invalid domain"],
  },
  "text:null-mx": {
    because:
      "a domain whose only MX is '.' says that it takes no mail (RFC 7505), and a host may say so itself (RFC 7504)",
    examples: [
      "556 5.1.10 Domain example.com has a null MX record",
      "Domain example.net does not accept mail (nullMX)",
      "an MX or SRV record indicated no SMTP service",
    ],
  },
};
