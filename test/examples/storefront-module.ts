/**
 * Imports a module of the storefront example. The examples are plain JavaScript without declarations, so the test says
 * what it expects the module to export.
 */
export async function importStorefront<Exports>(file: string): Promise<Exports> {
  const url: string = new URL(`../../examples/storefront/${file}`, import.meta.url).href;
  return (await import(url)) as Exports;
}
