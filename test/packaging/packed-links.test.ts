import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { PROJECT_ROOT, packProject } from "./packed-package.ts";

const folder = mkdtempSync(join(tmpdir(), "gocachex-links-"));
const { files } = packProject(folder);
const pages = files.filter((file) => file.endsWith(".md"));
const folders = new Set(files.flatMap(foldersOf));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function foldersOf(file: string): string[] {
  const parts = file.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** The links of a page to files beside it; code blocks have none. */
function relativeLinksOf(page: string): readonly string[] {
  const text = readFileSync(join(PROJECT_ROOT, page), "utf8").replace(/```[\s\S]*?```/g, "");
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link as string);
  return links.filter((link) => !/^([a-z]+:|#)/i.test(link));
}

function isPacked(page: string, link: string): boolean {
  const target = posix.join(posix.dirname(page), link.replace(/#.*$/, "")).replace(/\/$/, "");
  return files.includes(target) || folders.has(target);
}

describe("links in the packed package", () => {
  it.each(["README.md", "README.pt-BR.md"])("of %s are many, so that the test sees them", (page) => {
    expect(relativeLinksOf(page).length).toBeGreaterThan(10);
  });

  it.each(pages)("of %s lead to what is packed as well", (page) => {
    expect(relativeLinksOf(page).filter((link) => !isPacked(page, link))).toEqual([]);
  });
});
