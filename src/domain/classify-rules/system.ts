/** The receiving system itself: a program behind it that failed, or a fault of its own. */
import type { RuleGrounds, TextRule } from "../classify-rule";

export const SYSTEM_RULES: readonly TextRule[] = [
  {
    id: "text:program-failed",
    class: "soft",
    category: "mail-system",
    level: "strong",
    wording: [
      "command (?:died|failed|time ?limit|output|not found)",
      "exit(?:ed)? (?:status|code|with)|died with status|signal [0-9]{1,2}|child process",
      "unknown mailer error|mailer error|mailer died|x unix|sysexits|tempfail",
      "procmail|maildrop|vdelivermail|pipe to|local delivery failed|lmtp error after",
      "delivery to (?:file|pipe) forbidden|executing qmail forward|bad interpreter",
      "(?:can ?(?:not|nt|t)|unable to) (?:create|open|write|append|chdir|update|lock)",
      "user missing home directory|no home directory|homedir creat|ldap attribute",
      "permission denied|insufficient permission",
      "list expansion|expansion (?:problem|failed)|mailing list{near} (?:error|problem)",
    ],
  },
  {
    id: "text:system-trouble",
    class: "soft",
    category: "mail-system",
    level: "strong",
    wording: [
      "(?:local|internal|system|temporary|configuration|config|queue file|database|backend){near} (?:error|failure|problem|fault|misconfigur(?:ed|ation)|trouble)s?",
      "error in processing|while being processed|misconfigured|interrupted system call|operation now in progress",
      "(?:resources|server|service|system|mailbox|store|account){gap} temporarily (?:unavailable|not available|busy|down|offline|out of service)",
      "(?:server|system|service|host){near} (?:busy|overload(?:ed)?|shutting down|maintenance)",
      "no mdb|mailbox ?server|mailbox ?in ?transit|mapiexception[a-z]{1,40}|storedrv",
      "out of service|under maintenance|lack of resources|insufficient resources",
    ],
  },
];

export const SYSTEM_GROUNDS: RuleGrounds = {
  "text:program-failed": {
    because: "the mailbox's address leads into a program (pipe, procmail, maildrop, list manager), and that failed",
    examples: [
      'Command died with status 1: "/usr/local/bin/deliver"',
      "can't create user output file. Command output: procmail: Couldn't create \"/var/mail/john\"",
      "X-Unix; 255",
      "524 5.2.4 Mailing list expansion problem: <team@example.com>",
    ],
  },
  "text:system-trouble": {
    because: "the receiving server reports a fault of its own",
    examples: [
      "451 4.3.0 Temporary local problem - please try later",
      "451 4.2.0 <john@example.com> Internal error occurred. Refer to server log for more information.",
      "554 5.3.5 Local configuration error",
      "451 Requested action aborted: local error in processing",
    ],
  },
};
