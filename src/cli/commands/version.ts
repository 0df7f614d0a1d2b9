import packageDocument from "../../../package.json" with { type: "json" };
import type { Command } from "../command.ts";
import { EXIT_CODES } from "../exit-code.ts";

/** The package's version. */
export const PACKAGE_VERSION: string = packageDocument.version;

/** `gocachex version`. */
export const versionCommand: Command = {
  name: "version",
  summary: "print the version",
  usage: ["version"],
  positionals: [0, 0],
  positionalNames: [],
  options: [],
  examples: [["gocachex version --json", "with the versions of Node.js and the platform"]],
  run: async ({ print }) => {
    const document = {
      gocachex: PACKAGE_VERSION,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    };
    await (print.isJson ? print.document(document) : print.line(PACKAGE_VERSION));
    return EXIT_CODES.ok;
  },
};
