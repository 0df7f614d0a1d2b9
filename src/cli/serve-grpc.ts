import type { Cache } from "../cache/cache.ts";
import { loadAccessFile } from "../server/access/load-access-file.ts";
import { type GrpcApi, startGrpcApi } from "../server/grpc/grpc-api.ts";
import type { Invocation } from "./command.ts";
import { integerOption } from "./parse-arguments.ts";

/**
 * Starts the gRPC API beside a node where `--grpc-port` asks for it: on the same address, for the same callers.
 *
 * @throws as `startGrpcApi` and `loadAccessFile`
 */
export async function serveGrpc({ args, io, print }: Invocation, cache: Cache): Promise<GrpcApi | undefined> {
  const port = integerOption(args, "grpc-port", 0, 65_535);
  if (port === undefined) return undefined;
  const accessFile = args.text("access");
  const access = accessFile === undefined ? undefined : await loadAccessFile(accessFile, io);
  const onMissing = (message: string): void => void print.note(`warning: ${message}`);
  return startGrpcApi({ cache, host: args.text("host"), port, ...access, onMissing });
}
