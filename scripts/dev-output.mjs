/**
 * What `wrangler dev` prints, made quiet: the worker's own lines and every error pass, the rest is dropped.
 * Request lines are among the dropped: their paths carry addresses.
 */

/** Lines that say nothing a user of `npm start` needs. */
const NOISE = [
  /^Using secrets defined in /,
  /^Your Worker has access to the following bindings:/,
  /^Binding\s+Resource\s+Mode/,
  /^env\.\w+.*\s(local|remote|not supported)$/,
  /^⎔ /,
  /^\[wrangler:info\] ([A-Z]+ \/|Ready on |Updated and ready)/,
  // Added to every error.
  /^If you think this is a bug then please create an issue at /,
  /^Note that there is a newer version of Wrangler available/,
  // Said because wrangler does not fire crons. The start script does.
  /Scheduled Workers are not automatically triggered/,
  /^\s+To manually trigger a scheduled event, run:/,
  /^\s+curl "http.*\/scheduled"/,
  /^\s+For more details, see .*cron-triggers/,
];

/** Lines that tell what state the worker is in; the first match counts. */
const SIGNS = [
  [/Build failed with \d+ error/, "broken"],
  [/Workers runtime crashed unexpectedly/, "crashed"],
  [/^⎔ Reloading local server/, "reloading"],
  [/^(⎔ Local server updated and ready|\[wrangler:info\] (Ready on|Updated and ready))/, "ready"],
];

// biome-ignore lint/complexity/useRegexLiterals: a literal would hold a control character
const ANSI = new RegExp("\\u001b\\[[0-9;]*m", "g");

/**
 * @param {string} raw one line
 * @returns {{ text: string | null, sign: string | undefined }} `text`: what to print, or `null`
 */
export function readLine(raw) {
  const line = raw.replace(ANSI, "").trimEnd();
  const sign = SIGNS.find(([pattern]) => pattern.test(line))?.[1];
  if (line.trim() === "" || NOISE.some((pattern) => pattern.test(line))) return { text: null, sign };
  // console.warn and console.error come with a mark in front; a JSON line says its level itself.
  return { text: line.replace(/^[✘▲X] \[(?:ERROR|WARNING)\] (?=\{.*\}$)/, ""), sign };
}
