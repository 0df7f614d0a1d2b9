import { SnapshotError } from "../../foundation/errors.ts";
import { FormatFault } from "./format-fault.ts";

const NOTHING_STAYS = "Nothing of it is in the cache.";

/** The error of a damaged snapshot. `reason` is the middle of a sentence. */
export function corruptSnapshot(offsetBytes: number, reason: string, cause?: unknown): SnapshotError {
  return new SnapshotError(
    "GCX_SNAPSHOT_CORRUPT",
    offsetBytes,
    `The snapshot is damaged at byte ${offsetBytes}: ${reason}. ${NOTHING_STAYS} Load another copy, or start with an empty cache.`,
    cause === undefined ? {} : { cause },
  );
}

/** The error of bytes that may be sound and cannot be read here. `statement` is a sentence without its stop. */
export function unsupportedSnapshot(offsetBytes: number, statement: string, cause?: unknown): SnapshotError {
  return new SnapshotError(
    "GCX_SNAPSHOT_UNSUPPORTED",
    offsetBytes,
    `${statement}. ${NOTHING_STAYS} Load a file that dump() of this version or an older one wrote.`,
    cause === undefined ? {} : { cause },
  );
}

/** The error of a stream that failed or is none. `statement` is a sentence without its stop. */
export function failedStream(offsetBytes: number, statement: string, cause?: unknown): SnapshotError {
  return new SnapshotError(
    "GCX_SNAPSHOT_STREAM",
    offsetBytes,
    `${statement} at byte ${offsetBytes}.`,
    cause === undefined ? {} : { cause },
  );
}

/** What went wrong while a section was read, as the caller of a load is told; `sectionAt` is where its payload begins. */
export function toSnapshotError(error: unknown, sectionAt: number): unknown {
  if (!(error instanceof FormatFault)) return error;
  const offsetBytes = sectionAt + error.offsetBytes;
  if (error.isUnsupported) return unsupportedSnapshot(offsetBytes, `The snapshot has ${error.reason}`, error.cause);
  return corruptSnapshot(offsetBytes, `there is ${error.reason}`, error.cause);
}
