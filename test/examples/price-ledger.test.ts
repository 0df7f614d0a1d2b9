import { describe, expect, it } from "vitest";
import { importStorefront } from "./storefront-module.ts";

interface Ledger {
  readonly changeCount: number;
  readonly checkedReadCount: number;
  readonly staleReadCount: number;
  knows(id: number): boolean;
  begin(id: number, originalPrice?: number): { version: number; price: number };
  confirm(id: number, version: number): void;
  requiredVersion(id: number): number | undefined;
  check(id: number, requiredVersion: number, price: number): boolean;
}

const { PriceLedger } = await importStorefront<{ PriceLedger: new () => Ledger }>("price-ledger.mjs");

describe("the price ledger", () => {
  it("demands nothing of products that never changed", () => {
    expect(new PriceLedger().requiredVersion(1)).toBeUndefined();
  });

  it("calls a read stale that began after a confirmed change and shows an older price", () => {
    const ledger = new PriceLedger();
    const first = ledger.begin(1, 19.99);
    ledger.confirm(1, first.version);
    const second = ledger.begin(1);
    ledger.confirm(1, second.version);
    const required = ledger.requiredVersion(1) as number;
    expect(ledger.check(1, required, first.price)).toBe(true);
    expect(ledger.check(1, required, 19.99)).toBe(true);
    expect(ledger.check(1, required, second.price)).toBe(false);
    expect([ledger.checkedReadCount, ledger.staleReadCount, ledger.changeCount]).toEqual([3, 2, 2]);
  });

  it("lets a read show either price while a change is under way", () => {
    const ledger = new PriceLedger();
    const first = ledger.begin(1, 19.99);
    ledger.confirm(1, first.version);
    const pending = ledger.begin(1);
    const required = ledger.requiredVersion(1) as number;
    expect(ledger.check(1, required, first.price)).toBe(false);
    expect(ledger.check(1, required, pending.price)).toBe(false);
  });

  it.each([0.05, 5, 19.99, 100, 299.99])(
    "changes a price of %d within a fifth, and not twice to the same one",
    (original) => {
      const ledger = new PriceLedger();
      expect(ledger.knows(1)).toBe(false);
      const prices = Array.from({ length: 2_000 }, () => ledger.begin(1, original).price);
      expect(ledger.knows(1)).toBe(true);
      expect(prices).not.toContain(original);
      for (const price of prices) {
        expect(price).toBeGreaterThan(0);
        expect(Math.abs(price - original)).toBeLessThanOrEqual(Math.max(1.02, original * 0.2 + 0.02));
        expect(price).toBe(Number(price.toFixed(2)));
      }
      for (let first = 0; first + 100 <= prices.length; first += 1) {
        expect(new Set(prices.slice(first, first + 100)).size).toBe(100);
      }
    },
  );
});
