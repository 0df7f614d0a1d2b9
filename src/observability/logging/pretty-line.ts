const LEVEL_NAMES: Readonly<Record<number, string>> = { 10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR" };
/** Codes of a terminal: dim, green, yellow, red. */
const LEVEL_CODES: Readonly<Record<number, number>> = { 10: 2, 20: 2, 30: 32, 40: 33, 50: 31 };

/** Control characters: a key or a message must not move the cursor of whoever reads the log. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/**
 * One line for people, from pino's JSON: `12:34:56.789 WARN  connection lost backend=redis node=127.0.0.1:6379`.
 *
 * @param isColored whether the level is painted
 */
export function prettyLine(json: string, isColored: boolean): string {
  const { level, time, msg, pid: _pid, hostname: _hostname, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const name = (LEVEL_NAMES[level as number] ?? String(level)).padEnd(5);
  const painted = isColored ? `\u001b[${LEVEL_CODES[level as number] ?? 2}m${name}\u001b[0m` : name;
  const clock = String(time).slice(11, 23);
  const rest = Object.entries(fields).map(([field, value]) => `${field}=${showValue(value)}`);
  const parts = [clock, painted, clean(String(msg)), ...rest];
  return `${parts.join(" ")}\n`;
}

function showValue(value: unknown): string {
  if (typeof value !== "string") return clean(JSON.stringify(value));
  return /^[\w./:@#-]+$/.test(value) ? value : clean(JSON.stringify(value));
}

function clean(text: string): string {
  return text.replace(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
