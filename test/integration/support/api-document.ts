import { createOpenApiDocument } from "../../../src/server/openapi-document.ts";
import { ALL_ROUTES } from "../../../src/server/routes/all-routes.ts";
import { type CheckedSchema, schemaFaults } from "./schema-check.ts";

interface MediaTypes {
  readonly [type: string]: { readonly schema: CheckedSchema };
}

/** What the document says of one answer. */
export interface DocumentedAnswer {
  readonly content?: MediaTypes;
  readonly headers?: Readonly<Record<string, { readonly schema: CheckedSchema }>>;
}

/** What the document says of one method of a path. */
export interface DocumentedOperation {
  readonly responses: Readonly<Record<string, DocumentedAnswer>>;
  readonly requestBody?: { readonly required: boolean; readonly content: MediaTypes };
  readonly security: readonly unknown[];
}

const DOCUMENT = createOpenApiDocument(ALL_ROUTES) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, CheckedSchema>> };
};

/** Every operation of the document, as `"PUT /v1/keys/{key}"`. */
export const DOCUMENTED_OPERATIONS: ReadonlyMap<string, DocumentedOperation> = new Map(
  Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  ),
);

/** An answer with the request that it belongs to. */
export interface SeenAnswer {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly path: string;
  /** JSON text or nothing. */
  readonly requestBody?: string | undefined;
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly body: string;
}

/** The operation of a request, or `undefined` where none is documented. A `HEAD` is its `GET`. */
export function operationOf(method: string, path: string): string | undefined {
  const segments = (path.split("?")[0] as string).split("/");
  const name = method === "HEAD" ? "GET" : method;
  const fits = (template: string): boolean => {
    const parts = template.split("/");
    return parts.length === segments.length && parts.every((part, at) => part.startsWith("{") || part === segments[at]);
  };
  // Literal paths first, as in the router.
  const templates = Object.keys(DOCUMENT.paths)
    .filter(fits)
    .sort((a, b) => a.split("{").length - b.split("{").length);
  const template = templates[0];
  return template !== undefined && DOCUMENTED_OPERATIONS.has(`${name} ${template}`) ? `${name} ${template}` : undefined;
}

/** What an answer, or a request that was taken, has that the document does not say. */
export function documentFaults(seen: SeenAnswer): string[] {
  const name = operationOf(seen.method, seen.path);
  if (name === undefined)
    return [404, 405, 400, 401, 403, 429].includes(seen.status) ? [] : [`${seen.path} is not documented`];
  const operation = DOCUMENTED_OPERATIONS.get(name) as DocumentedOperation;
  const answer = operation.responses[seen.status];
  if (answer === undefined) return [`${name} is not documented to answer ${seen.status}: ${seen.body.slice(0, 300)}`];
  return [...answerFaults(seen, answer), ...requestFaults(seen, operation)].map(
    (fault) => `${name} ${seen.status} ${fault}`,
  );
}

function answerFaults(seen: SeenAnswer, { content, headers = {} }: DocumentedAnswer): string[] {
  const isProblem = seen.header("content-type") === "application/problem+json";
  const faults = Object.entries(headers).flatMap(([name, { schema }]) => {
    const value = seen.header(name);
    if (value === null) return isProblem ? [] : [`lacks the header ${name}`];
    return schemaFaults(value, schema, DOCUMENT.components.schemas, name);
  });
  if (content === undefined) return seen.body === "" ? faults : [...faults, "has a body"];
  const type = seen.header("content-type") ?? "none";
  const media = content[type];
  if (media === undefined) return [...faults, `has the content type ${type}`];
  if (seen.method === "HEAD") return faults;
  const value = type.includes("json") && !type.includes("ndjson") ? (JSON.parse(seen.body) as unknown) : seen.body;
  return [...faults, ...schemaFaults(value, media.schema, DOCUMENT.components.schemas)];
}

/** A body that was taken must be one that the document allows. */
function requestFaults(
  { status, requestBody }: SeenAnswer,
  { requestBody: documented }: DocumentedOperation,
): string[] {
  const schema = documented?.content["application/json"]?.schema;
  if (schema === undefined || status >= 300 || !requestBody) return [];
  let value: unknown;
  try {
    value = JSON.parse(requestBody);
  } catch {
    return [];
  }
  return schemaFaults(value, schema, DOCUMENT.components.schemas, "request");
}
