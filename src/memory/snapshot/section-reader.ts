import type { Buffer } from "node:buffer";
import type { ByteQueue } from "./byte-queue.ts";
import { crc32 } from "./crc32.ts";
import { corruptSnapshot, unsupportedSnapshot } from "./snapshot-faults.ts";
import {
  HEADER_BYTES,
  MAX_SECTION_BYTES,
  SECTION_HEAD_BYTES,
  SECTION_KINDS,
  SECTION_SUM_BYTES,
  SNAPSHOT_MAGIC,
  SNAPSHOT_VERSION,
} from "./snapshot-layout.ts";

/** A section whose sums are right. */
export interface Section {
  readonly kind: number;
  readonly payload: Buffer;
  /** Where the payload begins in the snapshot. */
  readonly offsetBytes: number;
}

const SUM_AT = HEADER_BYTES - SECTION_SUM_BYTES;

/**
 * Takes a snapshot apart into sections and believes nothing whose sum is wrong, lengths first: a section is only waited for when its
 * length is sound, and then memory is taken as its bytes arrive, never ahead of them.
 */
export class SectionReader {
  readonly #queue: ByteQueue;
  #sum = 0;

  constructor(queue: ByteQueue) {
    this.#queue = queue;
  }

  /**
   * Reads the header; comes first.
   *
   * @throws SnapshotError `GCX_SNAPSHOT_UNSUPPORTED` when it is no snapshot or one of a newer version, `GCX_SNAPSHOT_CORRUPT`
   */
  async header(): Promise<void> {
    const magic = await this.#queue.takeUpTo(SNAPSHOT_MAGIC.length);
    if (magic.length > 0 && !magic.equals(SNAPSHOT_MAGIC.subarray(0, magic.length))) {
      throw unsupportedSnapshot(0, "The stream does not begin as a snapshot does");
    }
    if (magic.length < SNAPSHOT_MAGIC.length) throw corruptSnapshot(magic.length, "it ends in its header");
    const rest = await this.#take(HEADER_BYTES - SNAPSHOT_MAGIC.length);
    const restSumAt = SUM_AT - SNAPSHOT_MAGIC.length;
    this.#sum = crc32(rest.subarray(0, restSumAt), crc32(magic));
    if (rest.readUInt32LE(restSumAt) !== this.#sum)
      throw corruptSnapshot(SNAPSHOT_MAGIC.length, "its header is damaged");
    const version = rest.readUInt16LE(0);
    if (version !== SNAPSHOT_VERSION || rest.readUInt16LE(2) !== 0) {
      throw unsupportedSnapshot(
        8,
        `The snapshot has format version ${version}; this version reads ${SNAPSHOT_VERSION}`,
      );
    }
  }

  /**
   * The next section. The one of kind `end` is the last.
   *
   * @throws SnapshotError `GCX_SNAPSHOT_CORRUPT`, `GCX_SNAPSHOT_UNSUPPORTED` for a kind that this version does not know
   */
  async next(): Promise<Section> {
    const headAt = this.#queue.offsetBytes;
    const head = await this.#take(SECTION_HEAD_BYTES);
    this.#sum = crc32(head.subarray(0, 5), this.#sum);
    const payloadBytes = head.readUInt32LE(1);
    if (head.readUInt32LE(5) !== this.#sum || payloadBytes > MAX_SECTION_BYTES) {
      throw corruptSnapshot(headAt, "the head of a section is damaged");
    }
    const kind = head[0] as number;
    if (kind !== SECTION_KINDS.entries && kind !== SECTION_KINDS.end) {
      throw unsupportedSnapshot(headAt, `The snapshot has a section of the unknown kind ${kind}`);
    }
    const offsetBytes = this.#queue.offsetBytes;
    const payload = await this.#take(payloadBytes);
    this.#sum = crc32(payload, this.#sum);
    const sum = await this.#take(SECTION_SUM_BYTES);
    if (sum.readUInt32LE(0) !== this.#sum) throw corruptSnapshot(offsetBytes, "a section is damaged");
    return { kind, payload, offsetBytes };
  }

  /** @throws SnapshotError `GCX_SNAPSHOT_CORRUPT` when bytes follow the end */
  async assertOver(): Promise<void> {
    const at = this.#queue.offsetBytes;
    if ((await this.#queue.takeUpTo(1)).length > 0) throw corruptSnapshot(at, "it goes on after its end");
  }

  async #take(count: number): Promise<Buffer> {
    const bytes = await this.#queue.takeUpTo(count);
    if (bytes.length < count) throw corruptSnapshot(this.#queue.offsetBytes, "it ends too early");
    return bytes;
  }
}
