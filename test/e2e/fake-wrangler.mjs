/**
 * In wrangler's place (`BOUNCEKEEPER_WRANGLER`): notes how it was called, answers as the test says.
 *
 * Environment: FAKE_LOG, a file that gets one line per call; FAKE_ANSWERS, JSON: beginning of a command line →
 * `{ "code"?, "stdout"?, "stderr"? }`.
 */
import { appendFileSync } from "node:fs";

const command = process.argv.slice(2).join(" ");
appendFileSync(process.env.FAKE_LOG, `${command}\n`);
const answers = Object.entries(JSON.parse(process.env.FAKE_ANSWERS));
const [, { code = 0, stdout = "", stderr = "" }] = answers.find(([start]) => command.startsWith(start)) ?? ["", {}];
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;
