/** A stream that bytes are written to, by HTTP or by gRPC. */
export interface DrainedStream {
  on(event: "close" | "drain", listener: () => void): unknown;
  off(event: "close" | "drain", listener: () => void): unknown;
}

/**
 * Waits until the reader of a stream has taken what was written.
 *
 * A timer of its own rather than signals: before Node.js 22 `AbortSignal.any` does not keep an `AbortSignal.timeout` that nobody else holds, which is
 * then never aborted.
 *
 * @param timeoutMs how long the reader may take nothing, in ms
 * @returns `"drained"`, `"gone"` when the stream was closed first, or `"stalled"`
 */
export function drained(stream: DrainedStream, timeoutMs: number): Promise<"drained" | "gone" | "stalled"> {
  return new Promise((resolve) => {
    const end = (how: "drained" | "gone" | "stalled"): void => {
      clearTimeout(timer);
      stream.off("drain", onDrain);
      stream.off("close", onClose);
      resolve(how);
    };
    const onDrain = (): void => end("drained");
    const onClose = (): void => end("gone");
    const timer = setTimeout(() => end("stalled"), timeoutMs);
    stream.on("drain", onDrain);
    stream.on("close", onClose);
  });
}
