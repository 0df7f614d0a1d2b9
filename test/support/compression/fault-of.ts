import { CodecFault } from "../../../src/codec/codec-fault.ts";

/**
 * The fault that some work ends with.
 *
 * @param mayEnd whether it may end without one; then `undefined`
 * @throws what else the work throws, and an Error when it ends well although it may not
 */
export async function faultOf(work: () => unknown): Promise<CodecFault>;
export async function faultOf(work: () => unknown, mayEnd: true): Promise<CodecFault | undefined>;
export async function faultOf(work: () => unknown, mayEnd = false): Promise<CodecFault | undefined> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CodecFault) return error;
    throw error;
  }
  if (mayEnd) return undefined;
  throw new Error("There was no fault.");
}
