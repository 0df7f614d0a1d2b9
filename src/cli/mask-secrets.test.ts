import { describe, expect, it } from "vitest";
import { maskSecrets } from "./mask-secrets.ts";

describe("maskSecrets", () => {
  it("masks every credential that the field table names, and nothing else", () => {
    const masked = maskSecrets({
      namespace: "shop",
      redis: {
        addresses: ["a:1"],
        username: "app",
        password: "p1",
        url: "redis://app:p2@host:1/0",
        sentinel: { name: "m", password: "p3" },
      },
      memcached: { servers: ["m:1"], password: "p4" },
      l2: { backend: "redis", redis: { password: "p5" } },
      tiers: [{ backend: "redis", redis: { password: "p6" } }],
      grpc: { port: 1, token: "p7", keyFile: "/etc/key.pem" },
      tracing: { headers: { authorization: "p8" } },
      encryption: { keys: ["p9"] },
    });
    expect(JSON.stringify(masked)).not.toMatch(/p\d/);
    expect(masked).toMatchObject({
      namespace: "shop",
      redis: { addresses: ["a:1"], username: "app", password: "***" },
      grpc: { port: 1, token: "***", keyFile: "/etc/key.pem" },
    });
  });

  it("masks what looks like a credential in a plug-in's options", () => {
    const masked = maskSecrets({
      backend: "my-store",
      "my-store": {
        apiKey: "s",
        dbPassword: "s",
        nested: [{ secret: "s" }],
        endpoint: "https://user:s@host/",
        maxKeys: 5,
        tokenizer: 0,
      },
    });
    expect(masked["my-store"]).toMatchObject({
      apiKey: "***",
      dbPassword: "***",
      nested: [{ secret: "***" }],
      endpoint: "https://***@host/",
      maxKeys: 5,
    });
  });
});
