import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { ensureChromium } from "../../../scripts/servers/ensure-chromium.ts";

/** What CI keeps. */
const SCREENSHOTS: string = fileURLToPath(new URL("../../../.tmp/screenshots/", import.meta.url));

/** Chromium must ask nobody but the node, and needs neither a sandbox nor a graphics card in a container. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
] as const;

/** Starts a headless browser. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: ensureChromium(), headless: true, args: [...FLAGS] });
}

/** A page of the dashboard, and everything that must not happen on it. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  /** Console errors and warnings, uncaught errors, and requests to another origin. */
  readonly faults: readonly string[];
  screenshot(name: string): Promise<void>;
  /** Runs axe with the rules of WCAG 2.2 AA and its best practices. @returns each violation with what it is about */
  axe(): Promise<readonly string[]>;
}

/** Opens a page in a profile of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const faults: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`uncaught: ${String(error)}`));
  page.on("request", (request) => {
    const isOwn = request.url().startsWith(`${url}/`) || request.url().startsWith("data:");
    if (!isOwn) faults.push(`request: ${request.url()}`);
  });
  await page.goto(`${url}/`);
  return {
    page,
    faults,
    async screenshot(name) {
      mkdirSync(SCREENSHOTS, { recursive: true });
      await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
    },
    async axe() {
      // Evaluated by the debugger: a script tag would be refused by the policy of the page, as it should be.
      await page.evaluate(axe.source);
      return page.evaluate(async () => {
        const { axe: loaded } = globalThis as unknown as { axe: AxeLike };
        const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
        const { violations } = await loaded.run({ runOnly: tags });
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
      });
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

interface AxeLike {
  run(options: { readonly runOnly: readonly string[] }): Promise<{
    readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
  }>;
}

/** Of the page's own world, whose types Node's program does not load, what is asked for here. */
interface PageWorld {
  readonly innerWidth: number;
  readonly document: {
    readonly documentElement: { readonly scrollWidth: number };
    readonly activeElement: PageElement;
  };
  getComputedStyle(element: PageElement): { readonly outlineStyle: string; readonly outlineWidth: string };
}

interface PageElement {
  readonly innerText: string;
  readonly labels?: ArrayLike<{ readonly innerText: string }>;
  getAttribute(name: string): string | null;
}

/** Whether a page is wider than its window. */
export function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const { document, innerWidth } = globalThis as unknown as PageWorld;
    return document.documentElement.scrollWidth > innerWidth;
  });
}

/** What has the focus, as its label or text, and whether that can be seen. */
export function focused(page: Page): Promise<{ readonly name: string; readonly isVisible: boolean }> {
  return page.evaluate(() => {
    const { document, getComputedStyle } = globalThis as unknown as PageWorld;
    const element = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const name = element.getAttribute("aria-label") ?? element.labels?.[0]?.innerText ?? element.innerText;
    return { name: name.trim().split("\n")[0] as string, isVisible: outlineStyle !== "none" && outlineWidth !== "0px" };
  });
}
