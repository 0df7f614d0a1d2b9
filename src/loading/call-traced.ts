import type { TracerSlot } from "../events/call-tracer.ts";

/**
 * Calls a loader, for so many keys, so that it is one span and what it asks for are its children; just calls it where nothing is traced.
 *
 * @param call returns a value, or a real promise
 */
export function callTraced<T>({ current }: TracerSlot, keyCount: number, call: () => T): T {
  const span = current?.startLoad(keyCount);
  if (span === undefined) return call();
  let result: T;
  try {
    result = span.run(call);
  } catch (error) {
    span.end("error", error);
    throw error;
  }
  if (result instanceof Promise) {
    result.then(
      () => span.end("ok"),
      (error: unknown) => span.end("error", error),
    );
  } else span.end("ok");
  return result;
}
