import { Buffer } from "node:buffer";
import type { ByteWriter } from "./byte-writer.ts";
import { crc32 } from "./crc32.ts";
import {
  HEADER_BYTES,
  SECTION_HEAD_BYTES,
  SECTION_SUM_BYTES,
  SNAPSHOT_MAGIC,
  SNAPSHOT_VERSION,
} from "./snapshot-layout.ts";

const SUM_AT = HEADER_BYTES - SECTION_SUM_BYTES;

/**
 * Puts header and sections around what a snapshot holds. The sum goes on from one section to the next, so that none can be
 * missing, come twice or in another order.
 */
export class SectionWriter {
  #sum = 0;

  /** The header; comes first. */
  header(createdAt: number): Buffer {
    const header = Buffer.alloc(HEADER_BYTES);
    SNAPSHOT_MAGIC.copy(header);
    header.writeUInt16LE(SNAPSHOT_VERSION, 8);
    header.writeDoubleLE(createdAt, 12);
    this.#sum = crc32(header.subarray(0, SUM_AT));
    header.writeUInt32LE(this.#sum, SUM_AT);
    return header;
  }

  /** A section of what is in the writer, which begins anew. */
  section(kind: number, writer: ByteWriter): Buffer {
    const section = writer.take(SECTION_SUM_BYTES);
    const end = section.length - SECTION_SUM_BYTES;
    section[0] = kind;
    section.writeUInt32LE(end - SECTION_HEAD_BYTES, 1);
    this.#sum = crc32(section.subarray(0, 5), this.#sum);
    section.writeUInt32LE(this.#sum, 5);
    this.#sum = crc32(section.subarray(SECTION_HEAD_BYTES, end), this.#sum);
    section.writeUInt32LE(this.#sum, end);
    return section;
  }
}
