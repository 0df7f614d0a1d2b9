import { CACHE_FIELDS } from "./cache-config.ts";
import type { Field, Fields } from "./field.ts";
import { toEnvironmentName } from "./field-name.ts";

/** A field that the environment can set. */
export interface EnvironmentVariable {
  /** For example `"GOCACHEX_MEMORY_MAX_SIZE"`. */
  readonly name: string;
  /** camelCase names from the top, for example `["memory", "maxSize"]`. */
  readonly path: readonly string[];
  readonly field: Field;
}

/** Every variable that sets a field, in the order of the tables. Objects from code have none. */
export function listEnvironmentVariables(): readonly EnvironmentVariable[] {
  return listInSection(CACHE_FIELDS, []);
}

function listInSection(fields: Fields, path: readonly string[]): EnvironmentVariable[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const here = [...path, name];
    if (field.kind === "section") return listInSection(field.fields, here);
    return field.kind === "instance" ? [] : [{ name: toEnvironmentName(here), path: here, field }];
  });
}

/** Variables that belong to the command line, the tests and the benchmarks. */
const OF_TOOLS = /^GOCACHEX_(?:CONFIG|NODE(?:_TOKEN|_(?:TOKEN|CA|CERT|KEY)_FILE)?|TRACES|TEST_.*|BENCH_.*)$/;

/**
 * Variables that Kubernetes and container links set in every container for a service whose name begins with "gocachex".
 * Source: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
const OF_KUBERNETES =
  /^GOCACHEX_(?:.+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$|^GOCACHEX_PORT(?:_.*)?$/;

/** A service "gocachex-grpc" sets GOCACHEX_GRPC_PORT, which is also an option's: only the value tells them apart. */
const KUBERNETES_PORT_VALUE = /^(?:tcp|udp|sctp):\/\/[^\s/]+:\d+$/;

/** Whether a variable of our prefix is none of the configuration's. */
export function isReservedVariable(name: string, value: string): boolean {
  return (
    OF_TOOLS.test(name) || OF_KUBERNETES.test(name) || (name.endsWith("_PORT") && KUBERNETES_PORT_VALUE.test(value))
  );
}
