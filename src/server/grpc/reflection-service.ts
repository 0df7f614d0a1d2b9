import { loadDependency, type OptionalDependency } from "../../foundation/optional-dependency.ts";
import { CACHE_DESCRIPTOR } from "./cache-descriptor.ts";
import type { ServedService } from "./cache-service.ts";
import type { CallRunner } from "./call-runner.ts";
import type { GrpcAuthorize } from "./grpc-access.ts";
import type { GrpcHandler, GrpcStreamCall } from "./grpc-server-library.ts";

/** A package as the library for reflection takes it: descriptors of files. */
type DescribedPackage = Readonly<Record<string, { readonly fileDescriptorProtos: readonly Buffer[] }>>;

/** `@grpc/reflection`, as far as it is used. */
interface ReflectionLibrary {
  readonly ReflectionService: new (
    described: DescribedPackage,
  ) => {
    addToServer(server: {
      addService(definition: object, implementation: Readonly<Record<string, GrpcHandler>>): void;
    }): void;
  };
}

const REFLECTION: OptionalDependency<ReflectionLibrary> = {
  name: "@grpc/reflection",
  purpose: "Reflection of the gRPC API of a node",
  range: "^1.0.4",
  load: async () => (await import("@grpc/reflection")) as unknown as ReflectionLibrary,
};

/** A stream in both directions. */
interface ReflectionCall extends GrpcStreamCall {
  pause(): unknown;
  resume(): unknown;
}

/**
 * Makes the reflection services, `grpc.reflection.v1` and `v1alpha`: they say what methods and messages there are, so that tools need no
 * `.proto` file.
 *
 * @throws DependencyError when the package is not installed
 */
export async function createReflectionServices(
  runner: CallRunner,
  authorize: GrpcAuthorize,
): Promise<readonly ServedService[]> {
  const library = await loadDependency(REFLECTION);
  const services: ServedService[] = [];
  const described = { "gocachex.v1": { fileDescriptorProtos: [Buffer.from(CACHE_DESCRIPTOR, "base64")] } };
  new library.ReflectionService(described).addToServer({
    addService: (definition, implementation) => {
      const guarded = Object.entries(implementation).map(([name, handler]) => [
        name,
        guardedHandler(handler, runner, authorize),
      ]);
      services.push({ definition, implementation: Object.fromEntries(guarded) });
    },
  });
  return services;
}

function guardedHandler(handler: GrpcHandler, runner: CallRunner, authorize: GrpcAuthorize): GrpcHandler {
  return (call, answer) => {
    call.on("error", () => undefined);
    try {
      authorize(call, "read");
      readAsFastAsAnswered(call as ReflectionCall);
      handler(call, answer);
    } catch (error) {
      call.emit("error", runner.toCallError(error));
    }
  };
}

/** The package answers as fast as it is asked: a caller that asks and never reads would fill the memory. */
function readAsFastAsAnswered(call: ReflectionCall): void {
  const write = call.write.bind(call);
  call.on("drain", () => call.resume());
  call.write = (message) => {
    const isRoom = write(message);
    if (!isRoom) call.pause();
    return isRoom;
  };
}
