import { DependencyError } from "./errors.ts";

/** An optional package: what it is called, what it is for, how it is loaded. */
export interface OptionalDependency<Module> {
  /** The package's name, as `npm install` takes it. */
  readonly name: string;
  /** What needs it, to begin a sentence, for example `"Compression with lz4"`. */
  readonly purpose: string;
  /** The versions that work, for example `"^2.10.0"`. */
  readonly range: string;
  /** The dynamic import; a literal, so that bundlers and checks see it. */
  readonly load: () => Promise<Module>;
}

/**
 * Loads an optional package.
 *
 * @throws DependencyError `GCX_DEPENDENCY_MISSING` saying what to install, with the loader's error as its cause
 */
export async function loadDependency<Module>(dependency: OptionalDependency<Module>): Promise<Module> {
  try {
    return await dependency.load();
  } catch (cause) {
    const { name, purpose, range } = dependency;
    const message = `${purpose} needs the package ${name}, which is not installed or does not load on this platform. Run: npm install "${name}@${range}"`;
    throw new DependencyError(name, message, { cause });
  }
}
