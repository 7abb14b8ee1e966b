/** What `--help` says, from the commands' own tables. */
import { type Command, type Options, USUAL_EXITS } from "./command";

/** Options that every command takes. */
export const GLOBAL_OPTIONS = {
  url: { type: "string", value: "URL", help: "where the service is; default: BOUNCEKEEPER_URL" },
  token: {
    type: "string",
    value: "TOKEN",
    help: "default: BOUNCEKEEPER_TOKEN, which other users of this machine do not see",
  },
  timeout: { type: "string", value: "SECONDS", help: "how long one attempt may take (10)" },
  help: { type: "boolean", short: "h", help: "this text" },
} as const satisfies Options;

const COLUMN = 28;
const LINE_LENGTH = 80;

/** What `bouncekeeper COMMAND --help` prints. */
export function helpOf({ name, args, summary, detail, options, exits, examples }: Command): string {
  const codes = Object.entries({ ...USUAL_EXITS, ...exits });
  return [
    `Usage: bouncekeeper ${[name, args, "[options]"].filter(Boolean).join(" ")}`,
    "",
    summary,
    ...(detail === undefined ? [] : wrapped(detail)),
    "",
    "Options:",
    ...rowsOf({ ...options, ...GLOBAL_OPTIONS }),
    "",
    "Exit codes:",
    ...codes.map(([code, meaning]) => `  ${code}  ${meaning}`),
    "",
    "Examples:",
    ...examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

/** What `bouncekeeper --help` prints. */
export function overview(commands: readonly Command[]): string {
  return [
    "Usage: bouncekeeper COMMAND [options]",
    "",
    "Asks a Bouncekeeper service whom you may mail, and manages its list.",
    "",
    "Commands:",
    ...commands.map(({ name, args, summary }) => row([name, args].filter(Boolean).join(" "), summary)),
    "",
    "Set BOUNCEKEEPER_URL and BOUNCEKEEPER_TOKEN, or give --url and --token.",
    "bouncekeeper COMMAND --help says more about one of them; bouncekeeper --version says which version this is.",
    "",
  ].join("\n");
}

function rowsOf(options: Options): string[] {
  return Object.entries(options).map(([name, { short, value, help }]) => {
    const flag = `${short ? `-${short}, ` : ""}--${name}${value ? ` ${value}` : ""}`;
    return row(flag, help);
  });
}

/** A long name has a line of its own. */
function row(name: string, text: string): string {
  return name.length < COLUMN ? `  ${name.padEnd(COLUMN)}${text}` : `  ${name}\n  ${"".padEnd(COLUMN)}${text}`;
}

function wrapped(text: string): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last.length + word.length < LINE_LENGTH) lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
