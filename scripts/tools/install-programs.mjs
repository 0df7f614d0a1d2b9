// Installs the programs that tests need and this machine lacks: Debian's packages, as root. Elsewhere it does nothing, and the tests say what to install.
//
// Usage: node scripts/tools/install-programs.mjs
import { importSource } from "../import-source.mjs";

const { installMissingPrograms } = await importSource("scripts/tools/install-programs.ts");
const packages = installMissingPrograms();
console.log(packages.length === 0 ? "Every program is there." : `Asked for: ${packages.join(" ")}`);
