import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { importStorefront } from "./storefront-module.ts";

interface Product {
  readonly id: number;
  readonly price: number;
  readonly relatedIds: readonly number[];
}
interface Catalogue {
  findProduct(id: number, signal?: AbortSignal): Promise<Product | null>;
  setPrice(id: number, price: number): Promise<boolean>;
}

const { openCatalogue } = await importStorefront<{
  openCatalogue(options: { file: string; productCount: number; signal: AbortSignal }): Catalogue;
}>("catalogue.mjs");
const { CATALOGUE_FILE, ensureCatalogueFile } = await importStorefront<{
  CATALOGUE_FILE: string;
  ensureCatalogueFile(): boolean;
}>("catalogue-file.mjs");

describe("the catalogue", () => {
  let closing: AbortController;
  let catalogue: Catalogue;

  beforeEach(() => {
    ensureCatalogueFile();
    closing = new AbortController();
    catalogue = openCatalogue({ file: CATALOGUE_FILE, productCount: 8_000, signal: closing.signal });
  });
  afterEach(() => closing.abort());

  it("finds the first, the last and a middle product, and null for others", async () => {
    const found = await Promise.all([1, 8_000, 3_999, 8_001].map((id) => catalogue.findProduct(id)));
    expect(found.map((product) => product?.id ?? null)).toEqual([1, 8_000, 3_999, null]);
    expect(new Set(found[0]?.relatedIds).size).toBe(3);
    expect(found[0]?.relatedIds).not.toContain(1);
  });

  it("is written once and not again", () => {
    expect(ensureCatalogueFile()).toBe(false);
  });

  it("shows a changed price to searches that begin afterwards, and refuses unknown products", async () => {
    expect(await catalogue.setPrice(77, 12.34)).toBe(true);
    expect((await catalogue.findProduct(77))?.price).toBe(12.34);
    expect(await catalogue.setPrice(8_001, 1)).toBe(false);
  });

  it("leaves a search at once when its signal is aborted, and goes on for others", async () => {
    const leaving = new AbortController();
    const left = catalogue.findProduct(8_000, leaving.signal);
    const stayed = catalogue.findProduct(7_999);
    leaving.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    expect((await stayed)?.id).toBe(7_999);
    await expect(catalogue.findProduct(1, leaving.signal)).rejects.toThrow("gone");
  });

  it("fails waiting and later searches when it is closed", async () => {
    const waiting = catalogue.findProduct(8_000);
    closing.abort(new Error("closed"));
    await expect(waiting).rejects.toThrow("closed");
    await expect(catalogue.findProduct(1)).rejects.toThrow("closed");
  });

  it("reports a file that cannot be read instead of hanging", async () => {
    const missing = openCatalogue({ file: `${CATALOGUE_FILE}.missing`, productCount: 1, signal: closing.signal });
    await expect(missing.findProduct(1)).rejects.toThrow("The catalogue cannot be read");
  });
});
