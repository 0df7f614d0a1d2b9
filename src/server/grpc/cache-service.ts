import type { CallRunner } from "./call-runner.ts";
import type { GrpcHandler } from "./grpc-server-library.ts";
import { ALL_METHODS } from "./methods/all-methods.ts";

/** Name of the service, as of `cache.proto`. */
export const CACHE_SERVICE_NAME = "gocachex.v1.Cache";

/** A service as the library takes it. */
export interface ServedService {
  readonly definition: object;
  readonly implementation: Readonly<Record<string, GrpcHandler>>;
}

/**
 * The service of `cache.proto`. The library is given bytes: messages are decoded where an error can be answered with what is wrong, and
 * where no call that may not be made costs more than its bytes.
 */
export function createCacheService(runner: CallRunner): ServedService {
  const definition: Record<string, object> = {};
  const implementation: Record<string, GrpcHandler> = {};
  for (const method of ALL_METHODS) {
    const name = `${CACHE_SERVICE_NAME}/${method.name}`;
    definition[method.name] = {
      path: `/${name}`,
      requestStream: false,
      responseStream: method.kind === "stream",
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    implementation[method.name] = runner.handlerOf(method, name);
  }
  return { definition, implementation };
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
