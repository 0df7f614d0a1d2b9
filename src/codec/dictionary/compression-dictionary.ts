/** tmp */
export interface CompressionDictionary {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
}
export function createDictionary(bytes: Uint8Array): CompressionDictionary {
  return { id: 1, bytes, content: bytes };
}
