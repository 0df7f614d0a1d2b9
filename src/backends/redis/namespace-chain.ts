import { type NamespacePath, ROOT_NAMESPACE } from "../../entry/namespace-path.ts";

const LONGEST_MEMORY_COUNT = 4_096;
const chains = new Map<NamespacePath, readonly NamespacePath[]>();

/** The namespaces whose clearing ends a key of `path`: the root, and each one down to it. Remembered for the paths used last. */
export function namespaceChain(path: NamespacePath): readonly NamespacePath[] {
  const known = chains.get(path);
  if (known !== undefined) return known;
  if (chains.size >= LONGEST_MEMORY_COUNT) chains.clear();
  const chain: NamespacePath[] = [ROOT_NAMESPACE];
  if (path !== ROOT_NAMESPACE) {
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1))
      chain.push(path.slice(0, slash));
    chain.push(path);
  }
  chains.set(path, chain);
  return chain;
}
