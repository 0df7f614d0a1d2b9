import { UncopyablePart } from "../../entry/uncopyable-part.ts";
import { CodecFault } from "../codec-fault.ts";

/** Runs the look that a reader takes before it reads, and turns what it would refuse then into a refusal now. */
export function refuseWhatIsNotRead(look: () => void): void {
  try {
    look();
  } catch (error) {
    throw error instanceof CodecFault ? new UncopyablePart(error.detail) : error;
  }
}
