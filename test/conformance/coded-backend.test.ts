import { Buffer } from "node:buffer";
import { describe, it } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import type { CodecSettings } from "../../src/codec/codec-settings.ts";
import { createCodec } from "../../src/codec/create-codec.ts";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";
import { createMapBackend } from "../../src/testing/map-backend/map-backend.ts";
import { createCodedBackend } from "../../src/tiers/coded-backend.ts";
import { StoredValues } from "../../src/tiers/stored-values.ts";
import { codecSettings } from "../support/codec/codec-settings.ts";

const compression = { algorithm: "gzip", level: undefined, thresholdBytes: 0 } as const;
const variants: readonly [string, Partial<CodecSettings>][] = [
  ["json", {}],
  ["msgpack", { serializer: "msgpack" }],
  ["v8", { serializer: "v8" }],
  ["json, compressed and encrypted", { compression, encryptionKeys: [Buffer.alloc(32, "a key for tests only")] }],
];

for (const [name, settings] of variants) {
  defineBackendConformance({
    name: `bytes as values, ${name}`,
    time: "fake",
    exclusiveData: true,
    runner: { describe, it },
    create: ({ clock, scheduler, onRemoval }) => {
      const store = createMapBackend({ async: true, storage: "bytes", clock, onRemoval });
      const code = (backend: Backend): Backend => {
        const codec = createCodec(codecSettings(settings), { clock, scheduler });
        const values = new StoredValues(codec, { throws: true, onUnreadable: () => undefined });
        return createCodedBackend({ backend, codec, values });
      };
      return { backend: code(store), openSecond: () => code(store.openSecond()) };
    },
  });
}
