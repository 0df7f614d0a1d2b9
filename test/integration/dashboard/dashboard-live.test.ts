import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createCache } from "../../../src/create-cache.ts";
import { type RunningNode, startTestNode } from "../node-harness.ts";
import { focused, isTooWide, launchBrowser, openPage, type WatchedPage } from "./dashboard-browser.ts";

/** What the page is told of comes once a second. */
const PATIENCE = { timeout: 30_000, interval: 100 };

describe("the dashboard, of a cache in memory with traffic", { timeout: 120_000 }, () => {
  let browser: Browser;
  let node: RunningNode;
  let traffic: ReturnType<typeof setInterval>;
  const opened: WatchedPage[] = [];

  beforeAll(async () => {
    node = await startTestNode({ cache: createCache({ memory: { maxKeys: 100 } }) });
    traffic = startTraffic(node);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    clearInterval(traffic);
    await browser.close();
    await node[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((page) => page[Symbol.asyncDispose]()));
  });

  async function open(options?: Parameters<typeof openPage>[2]): Promise<WatchedPage> {
    const page = await openPage(browser, node.url, options);
    opened.push(page);
    return page;
  }

  it("shows each panel with what happens in the cache", async () => {
    const { page, faults, screenshot } = await open();
    const textOf = (selector: string) => page.locator(selector).first().innerText();
    const tile = (name: string) => textOf(`.tile:has(dt:text-is("${name}")) .tile-value`);
    await expect.poll(() => textOf(".state"), PATIENCE).toBe("Live");
    await expect.poll(() => tile("Reads"), PATIENCE).toMatch(/^[1-9][\d.,]* (k )?\/s$/);
    await expect.poll(() => tile("Hit ratio"), PATIENCE).toMatch(/^[1-9]\d?\.\d %$/);
    await expect.poll(() => tile("Loads"), PATIENCE).not.toBe("0 /s");
    expect(await tile("Keys")).toBe("100");
    expect(await tile("Memory")).toMatch(/(B|KiB)$/);
    await expect.poll(() => textOf("#throughput .legend"), PATIENCE).toMatch(/Hits [1-9][\d.,]* /);
    await expect.poll(() => textOf("#latency .legend"), PATIENCE).toMatch(/p99 (< 1|[\d.,]+) (µs|ms)/);
    await expect.poll(() => textOf("#memory .legend"), PATIENCE).toMatch(/Evictions [1-9]/);
    for (const chart of ["throughput", "hit-ratio", "latency", "memory"]) expect(await isDrawn(page, chart)).toBe(true);
    await expect.poll(() => textOf("#operations"), PATIENCE).toMatch(/set\s+memory\s+[\d.,]+ \/s/);
    expect(await textOf("#tiers tbody")).toMatch(/^memory\s+100\s+/);
    await expect.poll(() => factOf(page, "loads", "Loader calls"), PATIENCE).not.toBe("0");
    await expect.poll(() => factOf(page, "loads", "Failed"), PATIENCE).not.toBe("0");
    await expect.poll(() => textOf("#hot-keys tbody tr"), PATIENCE).toMatch(/shop hot\s+\d+\.\d %\s+\d+\.\d %/);
    await expect.poll(() => textOf("#slow"), PATIENCE).toContain("report");
    await expect
      .poll(() => textOf("#events"), PATIENCE)
      .toContain('Load of "shop: broken" failed: the database is away');
    await expect.poll(() => textOf("#health .health-status"), PATIENCE).toBe("up");
    expect(await textOf("#coherence")).toContain("keeps no copies");
    await screenshot("live-light");
    expect(faults).toEqual([]);
  });

  it.each(["light", "dark"] as const)(
    "has nothing that axe finds, in %s colours, in every view",
    async (colorScheme) => {
      const { page, faults, axe, screenshot } = await open({ colorScheme });
      await page.locator("#hot-keys tbody tr").first().waitFor();
      await page.locator("#slow tbody tr").first().waitFor();
      expect(await axe()).toEqual([]);
      if (colorScheme === "dark") await screenshot("live-dark");
      await page.getByRole("link", { name: "Keys" }).click();
      await page.getByLabel("Namespace").fill("shop");
      await page.getByRole("button", { name: "List keys" }).click();
      await page.getByRole("button", { name: "hot", exact: true }).click();
      await page.getByRole("region", { name: "Value" }).waitFor();
      expect(await axe()).toEqual([]);
      await screenshot(`keys-${colorScheme}`);
      await page.getByRole("button", { name: "Clear …" }).click();
      await page.getByRole("dialog").waitFor();
      expect(await axe()).toEqual([]);
      expect(faults).toEqual([]);
    },
  );

  it("takes the colours that are chosen, and keeps them", async () => {
    const { page } = await open({ colorScheme: "light" });
    const background = () => page.locator("body").evaluate((body) => colorsOf(body));
    // Runs in the page.
    await page.evaluate(() => {
      Object.assign(globalThis, {
        colorsOf: (element: object) =>
          (globalThis as unknown as { getComputedStyle(of: object): { backgroundColor: string } }).getComputedStyle(
            element,
          ).backgroundColor,
      });
    });
    const light = await background();
    await page.getByLabel("Colours").selectOption("dark");
    await expect.poll(background).not.toBe(light);
    await page.reload();
    expect(await page.getByLabel("Colours").inputValue()).toBe("dark");
  });

  it("can be walked by keyboard, with a focus that is seen", async () => {
    const { page } = await open();
    await page.locator("#hot-keys tbody tr").first().waitFor();
    await page.keyboard.press("Tab");
    expect(await focused(page)).toEqual({ name: "Skip to content", isVisible: true });
    const names: string[] = [];
    for (let press = 0; press < 9; press += 1) {
      await page.keyboard.press("Tab");
      const { name, isVisible } = await focused(page);
      expect([name, isVisible]).toEqual([name, true]);
      names.push(name);
    }
    expect(names.slice(0, 3)).toEqual(["Live", "Keys", "Colours"]);
    expect(names).toEqual(
      expect.arrayContaining([
        "Calls to the store, table",
        "Tiers, table",
        "Hot keys, table",
        "Slow loads, table",
        "Slow calls, table",
        "Events",
      ]),
    );
    await page.keyboard.press("Home");
    await page.reload();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("content");
  });

  it.each([320, 375])("fits a phone of %i px, with reduced motion, and needs no scrolling sideways", async (width) => {
    const { page, faults, screenshot } = await open({ viewport: { width, height: 812 }, reducedMotion: "reduce" });
    await page.locator("#hot-keys tbody tr").first().waitFor();
    await page.locator("#events li").first().waitFor();
    expect(await isTooWide(page)).toBe(false);
    await screenshot(`live-phone-${width}`);
    await page.getByRole("link", { name: "Keys" }).click();
    await page.getByLabel("Namespace").fill("shop");
    await page.getByRole("button", { name: "List keys" }).click();
    await page.getByRole("button", { name: "hot", exact: true }).click();
    await page.getByRole("region", { name: "Value" }).waitFor();
    expect(await isTooWide(page)).toBe(false);
    await screenshot(`keys-phone-${width}`);
    expect(faults).toEqual([]);
  });

  it("watches only while it is seen", async () => {
    const { page } = await open();
    await page.getByText("Live", { exact: true }).last().waitFor();
    const isWatching = async () => {
      const document = (await (await node.ask("/v1/live")).json()) as { hotKeys: { isWatching: boolean } };
      return document.hotKeys.isWatching;
    };
    await expect.poll(isWatching, PATIENCE).toBe(true);
    await turn(page, "hidden");
    await expect.poll(isWatching, PATIENCE).toBe(false);
    await turn(page, "visible");
    await expect.poll(isWatching, PATIENCE).toBe(true);
  });

  it("asks for nothing while it is not seen, and for all again when it is", async () => {
    const { page } = await open();
    // Of the page's own timers.
    await page.clock.install();
    await page.reload();
    await page.locator("#health .health-status").waitFor();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.clock.runFor(10_000);
    await expect.poll(() => asked, PATIENCE).toContain("/v1/health");
    await turn(page, "hidden");
    // What was asked for before that is told of by now.
    await page.evaluate("fetch('/healthz')");
    await expect.poll(() => asked, PATIENCE).toContain("/healthz");
    asked.length = 0;
    await page.clock.runFor(60_000);
    await page.evaluate("fetch('/healthz')");
    await expect.poll(() => asked, PATIENCE).toContain("/healthz");
    expect(asked).toEqual(["/healthz"]);
    await turn(page, "visible");
    await page.clock.runFor(10_000);
    await expect.poll(() => asked, PATIENCE).toEqual(expect.arrayContaining(["/v1/live", "/v1/health"]));
  });
});

/** Tells a page that it is seen, or not any more: a browser without a screen hides none. */
async function turn(page: Page, state: "visible" | "hidden"): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  `);
}

declare const colorsOf: (element: unknown) => string;

/** Reads, writes, loads, failures and evictions, every few ms. */
function startTraffic({ cache }: RunningNode): ReturnType<typeof setInterval> {
  const shop = cache.namespace("shop");
  let round = 0;
  return setInterval(() => {
    round += 1;
    const calls = [
      shop.getOrSet("hot", () => ({ price: 12.5 }), { tags: ["prices"] }),
      shop.get("hot"),
      shop.get(`rare:${round % 400}`),
      shop.set(`rare:${round % 300}`, round),
      shop.getOrSet(`report:${round}`, async () => round),
    ];
    if (round % 20 === 0) {
      calls.push(shop.getOrSet("broken", () => Promise.reject(new Error("the database is away"))));
    }
    for (const call of calls) call.catch(() => undefined);
  }, 10);
}

/** Whether a line was drawn: something on the canvas is not empty. */
async function isDrawn(page: Page, panel: string): Promise<boolean> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector("#${panel} canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value) => value !== 0);
  })()`);
}

function factOf(page: Page, panel: string, name: string): Promise<string> {
  return page.locator(`#${panel} .facts > div:has(dt:text-is("${name}")) dd`).innerText();
}
