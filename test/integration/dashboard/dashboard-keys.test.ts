import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createCache } from "../../../src/create-cache.ts";
import { startNode } from "../../../src/server/node.ts";
import { type RunningNode, startTestNode } from "../node-harness.ts";
import { launchBrowser, openPage, type WatchedPage } from "./dashboard-browser.ts";

const READ_TOKEN = "a-token-of-those-who-read";
const PATIENCE = { timeout: 30_000, interval: 50 };

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

describe("the keys of the dashboard", { timeout: 120_000 }, () => {
  let node: RunningNode;
  let watched: WatchedPage;
  let page: Page;

  beforeEach(async () => {
    node = await startTestNode();
    const { cache } = node;
    await cache.set("user:1", { name: "Ada" }, { ttl: "1h", tags: ["users"] });
    await cache.set("user:2", "<b>text</b>");
    await cache.set("other", Buffer.from("GIF89a\u0000"));
    await cache.namespace("shop").set("cart", [1, 2]);
    watched = await openPage(browser, node.url);
    page = watched.page;
    await page.getByRole("link", { name: "Keys" }).click();
  });
  afterEach(async () => {
    await watched[Symbol.asyncDispose]();
    await node[Symbol.asyncDispose]();
  });

  const keyList = () => page.locator(".key-list button").allInnerTexts();
  const value = () => page.getByRole("region", { name: "Value" }).innerText();
  const fact = (name: string) => page.locator(`#entry .facts > div:has(dt:text-is("${name}")) dd`).innerText();
  const choose = (key: string) => page.getByRole("button", { name: key, exact: true }).click();

  it("are listed by prefix and namespace, and shown with what is known of them", async () => {
    await expect.poll(keyList, PATIENCE).toEqual(["other", "user:1", "user:2"]);
    await page.getByLabel("Prefix").fill("user:");
    await page.keyboard.press("Enter");
    await expect.poll(keyList, PATIENCE).toEqual(["user:1", "user:2"]);
    await choose("user:1");
    await expect.poll(value, PATIENCE).toBe('{\n  "name": "Ada"\n}');
    expect([await fact("Type"), await fact("Tags"), await fact("Answered by")]).toEqual([
      "object with 1 field",
      "users",
      "memory",
    ]);
    expect(await fact("Expires")).toMatch(/^in (1 h|59 min)/);
    await choose("user:2");
    await expect.poll(value, PATIENCE).toBe('"<b>text</b>"');
    await page.getByLabel("Prefix").fill("");
    await page.getByLabel("Namespace").fill("shop");
    await page.keyboard.press("Enter");
    await expect.poll(keyList, PATIENCE).toEqual(["cart"]);
    expect(watched.faults).toEqual([]);
  });

  it("are shown as bytes where they are, cut where they are large, and not offered to be edited then", async () => {
    await node.cache.set("large", "x".repeat(1_000_000));
    await choose("other");
    await expect.poll(value, PATIENCE).toContain("47 49 46 38 39 61 00");
    expect(await fact("Type")).toBe("bytes (Buffer)");
    expect(await page.getByRole("button", { name: "Edit" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "List keys" }).click();
    await choose("large");
    await page.getByText("Only the beginning of 977 KiB is shown.").waitFor();
    expect((await value()).length).toBeLessThan(20_000);
    expect(await page.getByRole("button", { name: "Edit" }).isDisabled()).toBe(true);
    expect(watched.faults).toEqual([]);
  });

  it("are written and edited, but never over what another wrote meanwhile", async () => {
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByLabel("Key", { exact: true }).fill("user:3");
    await page.getByLabel("Value, as JSON").fill("{not json");
    await page.getByLabel("Time to live").fill("5m");
    await page.getByLabel("Tags").fill("users, new");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("This is no JSON").waitFor();
    await page.getByLabel("Value, as JSON").fill('{"name":"Grace"}');
    await page.getByRole("button", { name: "Save" }).click();
    await expect.poll(value, PATIENCE).toContain("Grace");
    expect(await node.cache.getEntry("user:3")).toMatchObject({ value: { name: "Grace" }, tags: ["users", "new"] });
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Value, as JSON").fill('"edited"');
    await page.getByRole("button", { name: "Save" }).click();
    await expect.poll(value, PATIENCE).toBe('"edited"');
    expect(await node.cache.get("user:3")).toBe("edited");
    expect(watched.faults).toEqual([]);

    await page.getByRole("button", { name: "Edit" }).click();
    await node.cache.set("user:3", "of another");
    await page.getByLabel("Value, as JSON").fill('"over it"');
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("It was changed or removed meanwhile.").waitFor();
    expect(await node.cache.get("user:3")).toBe("of another");
    await page.getByRole("button", { name: "Cancel" }).click();
    await expect.poll(value, PATIENCE).toBe('"of another"');
  });

  it("are deleted only when that was confirmed", async () => {
    await choose("user:1");
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(await node.cache.exists("user:1")).toBe(true);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(await node.cache.exists("user:1")).toBe(true);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    // The question is gone when it was answered; the node is asked then.
    await expect.poll(() => node.cache.exists("user:1"), PATIENCE).toBe(false);
    await expect.poll(keyList, PATIENCE).toEqual(["other", "user:2"]);
  });

  it("end by a tag", async () => {
    await page.getByLabel("Tag", { exact: true }).fill("users");
    await page.getByRole("button", { name: "Invalidate" }).click();
    await page.getByText("Entries with the tag users have ended.").waitFor();
    expect(await node.cache.exists("user:1")).toBe(false);
    await expect.poll(keyList, PATIENCE).toEqual(["other", "user:2"]);
  });

  it("end with their namespace only when its name was typed and that was confirmed again", async () => {
    await page.getByLabel("Namespace").fill("shop");
    await page.getByRole("button", { name: "List keys" }).click();
    await page.getByRole("button", { name: "Clear …" }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.getByRole("button", { name: "Continue" }).isDisabled()).toBe(true);
    await dialog.getByLabel("Type shop to go on").fill("sho");
    expect(await dialog.getByRole("button", { name: "Continue" }).isDisabled()).toBe(true);
    await dialog.getByLabel("Type shop to go on").fill("shop");
    await dialog.getByRole("button", { name: "Continue" }).click();
    await dialog.getByText("This cannot be taken back.").waitFor();
    expect(await node.cache.namespace("shop").exists("cart")).toBe(true);
    // Who turns back there is asked from the beginning the next time.
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Clear …" }).click();
    expect(await dialog.getByRole("button", { name: "Continue" }).isDisabled()).toBe(true);
    await dialog.getByLabel("Type shop to go on").fill("shop");
    await dialog.getByRole("button", { name: "Continue" }).click();
    await dialog.getByText("This cannot be taken back.").waitFor();
    expect(await node.cache.namespace("shop").exists("cart")).toBe(true);
    await dialog.getByRole("button", { name: "Clear shop now" }).click();
    await page.getByText("It was cleared.").waitFor();
    expect(await node.cache.namespace("shop").exists("cart")).toBe(false);
    expect(await node.cache.exists("user:1")).toBe(true);
    expect(watched.faults).toEqual([]);
  });
});

describe("the dashboard where something is wrong", { timeout: 120_000 }, () => {
  it("says that the node is away, and goes on when it is back", async () => {
    const cache = createCache();
    await using first = await startTestNode({ cache });
    await using watched = await openPage(browser, first.url);
    const { page } = watched;
    const state = () => page.locator(".state").innerText();
    await expect.poll(state, PATIENCE).toBe("Live");
    await first.node.close();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").innerText()).toContain("Trying again.");
    expect(await watched.axe()).toEqual([]);
    await using second = await startNode({ cache, port: first.node.port });
    expect(second.port).toBe(first.node.port);
    await expect.poll(state, PATIENCE).toBe("Live");
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  it("asks for the token that the node wants, and keeps it in its tab alone", async () => {
    const tokens = [{ token: READ_TOKEN, role: "read" }] as const;
    await using node = await startTestNode({ access: { tokens } });
    await node.cache.set("a", 1);
    await using watched = await openPage(browser, node.url);
    const { page } = watched;
    await page.getByLabel("Token", { exact: true }).fill("a-token-that-is-wrong");
    await page.getByRole("button", { name: "Use token" }).click();
    await page.getByText("The token was not accepted").waitFor();
    expect(await watched.axe()).toEqual([]);
    await page.getByLabel("Token", { exact: true }).fill(READ_TOKEN);
    await page.getByRole("button", { name: "Use token" }).click();
    await page.locator("#throughput").waitFor();
    const stored = "[localStorage.getItem('gocachex.token'), sessionStorage.getItem('gocachex.token'), location.href]";
    expect(await page.evaluate(stored)).toEqual([null, READ_TOKEN, `${node.url}/`]);
    // The role may look and not change.
    await page.getByRole("link", { name: "Keys" }).click();
    await page.getByRole("button", { name: "a", exact: true }).click();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("alert").waitFor();
    expect(await node.cache.get("a")).toBe(1);
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Forget token" }).click();
    await page.getByLabel("Token", { exact: true }).waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
  });
});
