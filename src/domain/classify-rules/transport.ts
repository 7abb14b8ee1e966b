/** The way to the receiving server: time that ran out, connections, loops, encryption. */
import type { RuleGrounds, TextRule } from "../classify-rule";

export const TRANSPORT_RULES: readonly TextRule[] = [
  {
    id: "text:expired",
    class: "expired",
    category: "message-expired",
    level: "strong",
    wording: [
      "(?:delivery|{mail}|queue|maximum|retry|envelope){gap} expired",
      "expired after|time expired|queue ?expired",
      "retry time not reached|retry timeout",
      "(?:in|on) (?:the |our |my )?queue (?:for )?(?:too|more|over)",
      "queue too long|in queue for",
      "(?:unable|failed|failure|{cannot}) (?:to )?(?:be )?deliver(?:ed|y)?{gap} (?:after|for|within|in|during|since) (?:the |more than |at least |past |last |over |multiple |[0-9]{1,3} )(?:{word} ){0,2}(?:days?|hours?|minutes?|tries|attempts|retries|times|seconds|period|weeks?)",
      "not delivered within",
      "(?:after|delivery failed|failed after) [0-9]{1,4} (?:attempts|tries|retries|delivery attempts)",
      "have been failing for a long time|long failure period",
      "not reachable within the allowed",
      "exceeded max(?:imum)? (?:time|retry|retries|delivery|queue)",
      "too old|message timed out|delivery (?:period|timeout|timed out)",
      "not going to try again|giving up after|giving up on (?:this |the )?(?:message|delivery)",
      "it has not been collected after",
      "unable to deliver message after multiple retries",
      "attempts? (?:were )?(?:all )?(?:exhausted|unsuccessful)|retries exhausted|retry limit",
    ],
  },
  {
    id: "text:greylisted",
    class: "soft",
    category: "greylisted",
    level: "strong",
    wording: ["gr[ea]y ?list[a-z]{0,4}", "temporarily rejected . try again in"],
  },
  {
    id: "text:routing-loop",
    class: "soft",
    category: "routing-loop",
    level: "strong",
    wording: [
      "(?:mail|message|routing|forwarding|forward|delivery|bounce|alias) loop(?:ing|s|ed)?",
      "loop(?:ing)? (?:detected|was found|back|broken)",
      "loops? back to (?:me|myself|itself|this)|is looping|loopback|mx ?loopback",
      "too many (?:hops|received|forwards)",
      "hop ?count|hops? exceeded|(?:{exceeded}|maximum|max) (?:[0-9]{1,3} )?hops?",
      "resolver.fwd.loop|maximum forwarding|already has my delivered to",
      "best preference mx|lowest numbered mx|remote host address is the local host",
    ],
  },
  {
    id: "text:encryption",
    class: "block",
    category: "security",
    level: "strong",
    wording: [
      "(?:tls|starttls|ssl|sslv3|encryption|encrypted connection|secure connection){near} (?:required|needed|failed|failure|not (?:available|offered|supported|possible)|error|handshake|must|negotiation)",
      "(?:must issue|requires?|cannot start|need) (?:a )?(?:starttls|tls|encryption|ssl|high strength ciphers)",
      "(?:certificate|handshake){near} (?:expired|invalid|failed|not (?:trusted|verified)|mismatch|verification|failure|untrusted)",
      "untrusted certificate|tlsa|dane|mta sts|sts policy|dnssec invalid|requiretls",
    ],
  },
  {
    id: "text:no-answer",
    class: "soft",
    category: "no-answer-from-host",
    level: "strong",
    wording: [
      "connect(?:ions?|ing)?{gap} (?:timed ?out|timeout|refused|reset|lost|dropped|closed|failed|terminated|aborted|interrupted|unsuccessful|died|broken|failure)",
      "lost connection|closed connection|remote host closed|hung up|disconnected",
      "timed? ?out|timeout",
      "no route to host|network (?:is )?unreachable",
      "(?:host|server) (?:is )?(?:unreachable|down|not responding|not reachable|unavailable)",
      "(?:{doesnot}|not|no|without) (?:respond|responding|answer|response|reachable)",
      "(?:unable|failed|not able|{cannot}) (?:to )?(?:be )?(?:connect|establish|reach|contact)(?:ed)?",
      "wasn ?t able to establish|did not accept our requests to connect",
      "no answer from host|host did not",
      "all (?:destination )?(?:mx )?(?:hosts?|servers?){gap} (?:failed|unreachable|down)",
      "network error|communications? (?:failure|error|link)|bad connection|broken pipe|socket error|i o error|end of file|unexpected (?:disconnect(?:ion)?|close|eof)",
      "econnrefused|econnreset|etimedout|ehostunreach|enetunreach|greeting never received",
      "conversation with",
      "(?:service|server|system) (?:is )?(?:currently |temporarily )?(?:not available|unavailable)",
    ],
  },
];

export const TRANSPORT_GROUNDS: RuleGrounds = {
  "text:expired": {
    because: "the sending server gave up after its queue's lifetime",
    examples: [
      "400 4.4.7 unable to deliver this message after 5 days",
      "451 4.4.7 Message expired",
      "retry timeout exceeded",
      "I'm not going to try again; this message has been in the queue too long.",
      "550 5.4.7 [internal] exceeded max time without delivery",
      "Delivery failed 20 attempts: john@example.com",
    ],
  },
  "text:greylisted": {
    because: "greylisting puts off every first attempt; a server that does not come back gives up",
    examples: [
      "450 4.7.1 Greylisted, please try again later",
      "451 4.7.1 Greylisting in action, please come back in 00:05:00",
    ],
  },
  "text:routing-loop": {
    because: "two servers, or two forwardings, hand the message to each other: a configuration that somebody will mend",
    examples: [
      "554 5.4.6 Too many hops 26 (25 max)",
      "mail for example.net loops back to myself",
      "This message is looping: it already has my Delivered-To line. (#5.4.6)",
      "550 5.4.14 Hop count exceeded - possible mail loop ATTR34",
    ],
  },
  "text:encryption": {
    because: "TLS is required, missing or broken between the two servers",
    examples: [
      "TLS is required, but was not offered by host mx.example.net[192.0.2.9]",
      "530 5.7.0 Must issue a STARTTLS command first",
      "451 TLS/SSLv3 Connection required. (#4.7.1)",
      "Cannot start TLS: handshake failure",
    ],
  },
  "text:no-answer": {
    because: "the receiving host could not be reached, or broke off: nobody has said anything about the recipient",
    examples: [
      "Connection timed out while talking to mx.example.net",
      "connect to mx.example.net: Connection refused",
      "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)",
      "lost connection with mx.example.net[192.0.2.9] while sending RCPT TO",
    ],
  },
};
