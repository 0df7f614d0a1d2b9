import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { isTokenText } from "../server/access/access-options.ts";
import type { WrittenNodeAddress } from "../server/node-address.ts";
import type { NodeClientTls } from "../server/node-client-options.ts";
import type { CliIo } from "./cli-io.ts";
import { usageError } from "./parse-arguments.ts";
import type { ParsedArguments } from "./parsed-arguments.ts";

/** What a command shows a node, and checks it by. */
export interface NodeCredentials {
  readonly token: string | undefined;
  /** `undefined`: plain HTTP. */
  readonly tls: NodeClientTls | undefined;
}

/** Where a secret or a certificate comes from: an option, or a variable where the option is not given. */
interface Source {
  readonly option: string;
  readonly variable: string;
}

const TOKEN: Source = { option: "token", variable: "GOCACHEX_NODE_TOKEN" };
const TOKEN_FILE: Source = { option: "token-file", variable: "GOCACHEX_NODE_TOKEN_FILE" };
const CA: Source = { option: "ca", variable: "GOCACHEX_NODE_CA_FILE" };
const CERT: Source = { option: "cert", variable: "GOCACHEX_NODE_CERT_FILE" };
const KEY: Source = { option: "key", variable: "GOCACHEX_NODE_KEY_FILE" };
const SOURCES: readonly Source[] = [TOKEN, TOKEN_FILE, CA, CERT, KEY];

/** Variables that say what a node is shown. They are no configuration of a cache. */
export const CREDENTIAL_VARIABLES: readonly string[] = SOURCES.map(({ variable }) => variable);

/** Where a command runs. */
type Surroundings = Pick<CliIo, "env" | "directory">;

/** Something that was said, and where. */
interface Given {
  readonly text: string;
  /** What it is called in messages, for example `"--ca"`. */
  readonly name: string;
}

/**
 * Refuses options that are for a node only. A command that works on a configuration would ignore them.
 *
 * @throws InvalidArgumentError
 */
export function assertNoNodeOptions(args: ParsedArguments): void {
  const given = SOURCES.find(({ option }) => args.text(option) !== undefined);
  if (given !== undefined)
    throw usageError(
      `--${given.option} is for a node; this command works on a configuration. Name the node with --node.`,
    );
}

/**
 * Reads what a node is to be shown, and checked by: options before variables. TLS is spoken to `https://`, and where a certificate's file is named.
 *
 * @throws InvalidArgumentError for what does not fit together, a file that cannot be read, and what is no token or certificate; never with a
 * secret in its message
 */
export async function readNodeCredentials(
  args: ParsedArguments,
  surroundings: Surroundings,
  { scheme }: WrittenNodeAddress,
): Promise<NodeCredentials> {
  const find = (source: Source): Given | undefined => findGiven(source, args, surroundings);
  const [ca, cert, key] = [find(CA), find(CERT), find(KEY)];
  const token = await readToken(args, surroundings);
  if (scheme === "http") {
    const option = [CA, CERT, KEY].find((source) => args.text(source.option) !== undefined)?.option;
    if (option !== undefined)
      throw usageError(`--${option} needs TLS, and the node is named as http://. Write https://.`);
    return { token, tls: undefined };
  }
  if (scheme === undefined && ca === undefined && cert === undefined && key === undefined)
    return { token, tls: undefined };
  return { token, tls: await readTls(ca, cert, key, surroundings) };
}

/** Paths of the files that a node is shown, or checked by. */
export interface CredentialFiles {
  readonly tokenFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly certificateFiles: readonly string[];
}

/** The files that {@link readNodeCredentials} reads. */
export function credentialFilesOf(args: ParsedArguments, surroundings: Surroundings): CredentialFiles {
  const pathOf = (source: Source): string | undefined => {
    const given = findGiven(source, args, surroundings);
    return given && resolve(surroundings.directory, given.text);
  };
  const isInline = args.text(TOKEN.option) !== undefined;
  return {
    tokenFile: isInline ? undefined : pathOf(TOKEN_FILE),
    keyFile: pathOf(KEY),
    certificateFiles: [pathOf(CA), pathOf(CERT)].filter((path) => path !== undefined),
  };
}

function findGiven({ option, variable }: Source, args: ParsedArguments, { env }: Surroundings): Given | undefined {
  const fromOption = args.text(option);
  if (fromOption !== undefined) return { text: fromOption, name: `--${option}` };
  const fromVariable = env[variable] ?? "";
  return fromVariable === "" ? undefined : { text: fromVariable, name: variable };
}

async function readToken(args: ParsedArguments, surroundings: Surroundings): Promise<string | undefined> {
  const hasOption = args.text(TOKEN.option) !== undefined || args.text(TOKEN_FILE.option) !== undefined;
  // An option of either kind is an answer to both variables.
  const from = hasOption ? { ...surroundings, env: {} } : surroundings;
  const [inline, file] = [findGiven(TOKEN, args, from), findGiven(TOKEN_FILE, args, from)];
  if (inline !== undefined && file !== undefined) throw usageError(`Give ${inline.name} or ${file.name}, not both.`);
  if (inline !== undefined) return checkedToken(inline.text, `${inline.name} is`);
  if (file === undefined) return undefined;
  const text = (await readNamedFile(file, surroundings)).toString("utf8");
  return checkedToken(text.replace(/\r?\n$/, ""), `${file.name}: ${JSON.stringify(file.text)} holds`);
}

function checkedToken(token: string, where: string): string {
  if (isTokenText(token)) return token;
  throw usageError(`${where} no token of a node: letters, digits and -._~+/ with = at the end, at least 16 of them.`);
}

async function readTls(
  ca: Given | undefined,
  cert: Given | undefined,
  key: Given | undefined,
  surroundings: Surroundings,
): Promise<NodeClientTls> {
  if ((cert === undefined) !== (key === undefined)) {
    const [present, missing] = cert === undefined ? [key, CERT] : [cert, KEY];
    throw usageError(`${present?.name} needs --${missing.option} too (or ${missing.variable}).`);
  }
  const read = (file: Given | undefined): Promise<Buffer> | undefined => file && readNamedFile(file, surroundings);
  const [caText, certText, keyText] = await Promise.all([read(ca), read(cert), read(key)]);
  if (ca !== undefined && caText !== undefined) assertCertificate(caText, ca);
  if (cert !== undefined && certText !== undefined) {
    assertCertificate(certText, cert);
    assertPair(certText, keyText as Buffer, cert, key as Given);
  }
  return { ca: caText, cert: certText, key: keyText };
}

function assertCertificate(content: Buffer, { name, text }: Given): void {
  try {
    new X509Certificate(content);
  } catch {
    throw usageError(`${name}: ${JSON.stringify(text)} is no certificate in PEM form.`);
  }
}

function assertPair(cert: Buffer, key: Buffer, certFile: Given, keyFile: Given): void {
  try {
    createSecureContext({ cert, key });
  } catch {
    throw usageError(
      `${keyFile.name}: ${JSON.stringify(keyFile.text)} is not the private key of ${JSON.stringify(certFile.text)}, or is none in PEM form without a passphrase.`,
    );
  }
}

async function readNamedFile({ name, text }: Given, { directory }: Surroundings): Promise<Buffer> {
  try {
    return await readFile(resolve(directory, text));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`;
    throw usageError(`${name}: ${JSON.stringify(text)}: ${why}.`);
  }
}
