import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { loadSync, type ServiceDefinition } from "@grpc/proto-loader";
import { protoPath } from "grpc-health-check";

const require = createRequire(import.meta.url);

type Methods = Readonly<Record<string, grpc.MethodDefinition<object, Readonly<Record<string, unknown>>>>>;

function load(file: string, service: string): Methods {
  const definition = loadSync(file, { longs: String, keepCase: true, enums: String, bytes: Buffer });
  return definition[service] as ServiceDefinition as unknown as Methods;
}

const HEALTH = load(protoPath, "grpc.health.v1.Health");

const REFLECTION_FOLDER = join(
  dirname(require.resolve("@grpc/reflection/package.json")),
  "build/proto/grpc/reflection",
);

/** What orchestrators and tools ask of a server beside its own methods. */
export interface ToolClient {
  /** `grpc.health.v1.Health/Check`: the status, or the code of a failed call. */
  check(service: string): Promise<string | number>;
  /** `grpc.health.v1.Health/Watch`: what is said, until it ends. */
  watch(service: string): { readonly said: readonly string[]; readonly ended: Promise<void>; cancel(): void };
  /** Asks for reflection: the answers, or the code of a failed call. */
  reflect(
    version: "v1" | "v1alpha",
    questions: readonly object[],
    token?: string,
  ): Promise<readonly Readonly<Record<string, unknown>>[] | number>;
  close(): void;
}

/** Dials a server as a tool. */
export function dialAsTool(address: string): ToolClient {
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), {
    "grpc.enable_retries": 0,
    "grpc.use_local_subchannel_pool": 1,
  });
  return {
    check: (service) =>
      new Promise((resolve) => {
        const { path, requestSerialize, responseDeserialize } = HEALTH["Check"] as Methods[string];
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, (error, answer) =>
          resolve(error === null ? String(answer?.["status"]) : error.code),
        );
      }),
    watch(service) {
      const { path, requestSerialize, responseDeserialize } = HEALTH["Watch"] as Methods[string];
      const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service });
      const said: string[] = [];
      stream.on("data", ({ status }: { status: string }) => said.push(status));
      stream.on("error", () => undefined);
      const ended = new Promise<void>((resolve) => stream.on("status", () => resolve()));
      return { said, ended, cancel: () => stream.cancel() };
    },
    reflect(version, questions, token) {
      const methods = load(
        join(REFLECTION_FOLDER, version, "reflection.proto"),
        `grpc.reflection.${version}.ServerReflection`,
      );
      const { path, requestSerialize, responseDeserialize } = methods["ServerReflectionInfo"] as Methods[string];
      const metadata = new grpc.Metadata();
      if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
      const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
      const answers: Readonly<Record<string, unknown>>[] = [];
      return new Promise((resolve) => {
        stream.on("data", (answer: Readonly<Record<string, unknown>>) => answers.push(answer));
        stream.on("error", (error: grpc.ServiceError) => resolve(error.code));
        stream.on("end", () => resolve(answers));
        for (const question of questions) stream.write(question);
        stream.end();
      });
    },
    close: () => client.close(),
  };
}
