/**
 * The functions of an optional package. A CommonJS package arrives with its functions as named exports, as members of its default
 * export, or both: that depends on whether Node.js can read them off its text, and on bundlers.
 *
 * @param module what `import()` gave
 * @param names what must be there
 * @throws TypeError when something is missing, as in a version with another interface
 */
export function packageCalls<Calls>(module: unknown, names: readonly (keyof Calls & string)[]): Calls {
  const found = [module, (module as { readonly default?: unknown }).default].find((candidate) =>
    names.every((name) => typeof (candidate as Record<string, unknown> | undefined)?.[name] === "function"),
  );
  if (found === undefined) throw new TypeError(`The package has no ${names.join(", ")}; its version may not fit.`);
  return found as Calls;
}
