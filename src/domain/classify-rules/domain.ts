/** Domains that do not exist or take no mail, and look-ups that only failed for now. */
import type { TextRule } from "../classify-rule";

/** Tried before the words that look like a final answer. */
export const LOOKUP_RULES: readonly TextRule[] = [
  {
    id: "text:lookup-failed",
    class: "soft",
    category: "routing-errors",
    level: "strong",
    because: "a resolver that gets no answer (SERVFAIL, timeout) does not know whether the domain exists",
    wording: [
      "(?:host|domain|name|domain name|server) not found . try again|(?:host|domain|name) not found try again",
      "name service error{gap}(?: try again| malformed| unexpected| timed out)",
      "servfail|server failure|serv fail|eai again|eservfail",
      "(?:temporary|temporarily|transient|soft) (?:dns|name|name server|resolver|lookup|resolution|failure in name){near}(?: failure| error| failed| resolution)?",
      "dns (?:temporary|temporarily|transient|soft|query|lookup|server|look up|resolution|resolver) (?:error|failure|failed|timed ?out|time ?out|timeout)",
      "dns (?:error|failure|timeout)(?! (?:[0-9]{1,12} )?(?:dns type|nxdomain|name not found|domain name not found|dns server returned answer with no data))",
      "(?:host|name|domain|hostname|address) (?:name )?look ?up (?:failure|failed temporarily|did not complete|error|deferred|timed out)",
      "cname lookup failed|(?:lookup|resolution) failed temporarily",
      "malformed or unexpected name server reply|malformed name server reply",
      "temporarily unable to (?:resolve|lookup|look up)",
      "(?:can ?not|could not|unable to|cant) (?:be resolved|resolve) (?:temporarily|at this time)",
      "dns soft error|could not find a gateway for|could not contact dns|violates rfc 1035",
      "dns records for the destination computer could not be found",
    ],
    examples: [
      "Host or domain name not found. Name service error for name=example.net type=MX: Host not found, try again",
      "450 4.4.3 example.net: host name lookup failure",
      "CNAME lookup failed temporarily. (#4.4.3)",
      "DNS Error: 1234567 DNS type 'mx' lookup of example.net responded with code SERVFAIL",
    ],
  },
];

/** PowerMTA and Momentum say 4 of a look-up that they will repeat. */
const NO_MX = "no (?:valid |usable )?mx(?: or a)?(?: records?)? (?:for|found)";

export const DOMAIN_RULES: readonly TextRule[] = [
  {
    id: "text:no-mx-yet",
    class: "soft",
    category: "routing-errors",
    level: "strong",
    because: "an MTA that reports its own look-up with a 4 will look again",
    wording: [NO_MX],
    when: { finality: "transient" },
    examples: ["454 4.4.4 [internal] no MX or A for domain"],
  },
  {
    id: "text:domain-unknown",
    class: "hard",
    category: "bad-domain",
    level: "strong",
    because: "the domain name system answers for good that there is no such name, or neither MX nor address for it",
    wording: [
      "(?:host|domain|hostname|host name|domain name|mail domain|dns domain|destination domain|recipient domain|server)(?: or domain name)?{name} (?:is |was |could |can ?)?(?:not found|unknown|{noexist}|invalid|not be found|not be resolved|unresolvable|not known)",
      "(?:unknown|no such|invalid|nonexistent|non ?existent|bad|unresolvable|illegal) (?:mail |destination |recipient |remote |e ?mail |dns )?(?:host|domain|hostname)(?: name)?",
      "host or domain name not found",
      "nxdomain|nonexistentdomain|dns server returned answer with no data",
      "dns hard error",
      "unroute?able (?:address|mail domain|domain)|unrouteable",
      "no (?:valid |usable )?mx{near}(?: or| nor| and){gap} (?:record|records|found|for)",
      NO_MX,
      "no (?:mx|mail exchanger|mail exchange|a|dns) (?:record|records|host|hosts|or ip address)s?{name} (?:found|exist|exists|for)",
      "domain not used for mail|enotfound",
      "(?:has no|does ?(?:n ?t| not) have an?y?) (?:mx|mail exchanger|mail exchange|dns)(?: or a)?(?: records?| hosts?)?",
      "could ?(?:n ?t| not) find any host",
      "could ?(?:n ?t| not) find a mail exchanger or ip address",
      "all relevant mx records point to non existent hosts",
      "all host address lookups failed permanently",
      "(?:name or service|nodename nor servname) (?:not known|provided)",
      "{cannot} find the (?:recipient|destination) domain",
      "no mail servers appear to exist",
      "mx does ?(?:n ?t| not) exist",
      "domain is not reachable|recipient domain must exist",
      "mail domain mentioned in e ?mail address is unknown",
      "host ?unknown|domain ?not ?found|domain lookup failed",
      "is a dead domain",
      "domain (?:has )?expired|expired domain",
    ],
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
  {
    id: "text:null-mx",
    class: "hard",
    category: "null-mx",
    level: "strong",
    because:
      "a domain whose only MX is '.' says that it takes no mail (RFC 7505), and a host may say so itself (RFC 7504)",
    wording: [
      "null ?mx",
      "(?:host|domain|host domain|server|machine|system) does ?(?:n ?t| not) accept (?:any )?(?:mail|e ?mail|messages)(?! from)",
      "mx or srv record indicated no smtp service",
      "(?:domain|host|address) (?:does not|never|will not|doesnt) (?:accept|receive|take)s? (?:any )?(?:mail|e ?mail)",
      "no route for current request",
      "name server . host not found",
    ],
    examples: [
      "556 5.1.10 Domain example.com has a null MX record",
      "Domain example.net does not accept mail (nullMX)",
      "an MX or SRV record indicated no SMTP service",
    ],
  },
];
