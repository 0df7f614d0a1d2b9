import { describe, expect, it } from "vitest";
import { importStorefront } from "./storefront-module.ts";

interface Ledger {
  readonly changeCount: number;
  readonly checkedReadCount: number;
  readonly staleReadCount: number;
  begin(id: number): { version: number; price: number };
  confirm(id: number, version: number): void;
  requiredVersion(id: number): number | undefined;
  check(requiredVersion: number, price: number): boolean;
}

const { PriceLedger } = await importStorefront<{ PriceLedger: new () => Ledger }>("price-ledger.mjs");

describe("the price ledger", () => {
  it("demands nothing of products that never changed", () => {
    expect(new PriceLedger().requiredVersion(1)).toBeUndefined();
  });

  it("calls a read stale that began after a confirmed change and shows an older price", () => {
    const ledger = new PriceLedger();
    const first = ledger.begin(1);
    ledger.confirm(1, first.version);
    const second = ledger.begin(1);
    ledger.confirm(1, second.version);
    const required = ledger.requiredVersion(1) as number;
    expect(ledger.check(required, first.price)).toBe(true);
    expect(ledger.check(required, 19.99)).toBe(true);
    expect(ledger.check(required, second.price)).toBe(false);
    expect([ledger.checkedReadCount, ledger.staleReadCount, ledger.changeCount]).toEqual([3, 2, 2]);
  });

  it("lets a read show either price while a change is under way", () => {
    const ledger = new PriceLedger();
    const first = ledger.begin(1);
    ledger.confirm(1, first.version);
    const pending = ledger.begin(1);
    const required = ledger.requiredVersion(1) as number;
    expect(ledger.check(required, first.price)).toBe(false);
    expect(ledger.check(required, pending.price)).toBe(false);
  });

  it("gives every change of a product a price of its own", () => {
    const ledger = new PriceLedger();
    const prices = Array.from({ length: 2_000 }, () => ledger.begin(1).price);
    expect(new Set(prices).size).toBe(2_000);
  });
});
