import type { CliIo } from "./cli-io.ts";
import { usageError } from "./parse-arguments.ts";

/**
 * All of stdin. A terminal is refused: whoever forgot to pipe something in would look at a command that waits for ever, and what is typed would be echoed.
 *
 * @throws InvalidArgumentError when stdin is a terminal
 */
export async function readStdin({ stdin }: Pick<CliIo, "stdin">): Promise<Buffer> {
  if (stdin.isTTY === true)
    throw usageError("- reads stdin, which is a terminal here: pipe something in, or redirect a file with < FILE.");
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(chunk);
  return Buffer.concat(chunks);
}
