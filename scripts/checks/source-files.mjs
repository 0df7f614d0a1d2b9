import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/**
 * The files under some folders of a tree that end in one of the extensions, as sorted paths relative to the tree with
 * forward slashes. Folders that do not exist hold nothing.
 *
 * @param {string} root
 * @param {readonly string[]} folders
 * @param {readonly string[]} extensions
 * @returns {Promise<string[]>}
 */
export async function sourceFiles(root, folders = ["src"], extensions = [".ts"]) {
  const found = [];
  for (const folder of folders) {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isFile() || !extensions.some((extension) => entry.name.endsWith(extension))) continue;
      found.push(relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
    }
  }
  return found.filter((file) => !file.includes("node_modules/")).sort();
}
