import type { FieldTable } from "../field.ts";

/** Encryption of values in stores outside this process. */
export interface EncryptionConfig {
  /**
   * Keys of 32 bytes in base64. The first encrypts, all decrypt: put a new one in front to rotate. Default: values are
   * not encrypted. Range: a list of texts, each 32 bytes in base64 (44 characters).
   */
  readonly keys?: readonly string[] | undefined;
}

/** Rows of the section `encryption`. */
export const ENCRYPTION_FIELDS: FieldTable<EncryptionConfig> = {
  keys: {
    kind: "text-list",
    doc: "Keys of 32 bytes in base64. The first encrypts, all decrypt: put a new one in front to rotate.",
    defaultDoc: "values are not encrypted",
    maxLength: 64,
    pattern: { source: "^[A-Za-z0-9+/]{43}=$", doc: "32 bytes in base64 (44 characters)" },
    secret: true,
  },
};
