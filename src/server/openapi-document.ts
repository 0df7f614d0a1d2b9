import { type JsonSchema, schemaRef } from "./json-schema.ts";
import type { RequestBodyKind } from "./request-body.ts";
import type { EntryHeader, Route, RouteAnswer, RouteParameter } from "./route.ts";
import type { RouteBody } from "./route-body.ts";
import { problemStatusesOf } from "./route-problems.ts";
import { SHARED_SCHEMAS } from "./wire-schemas.ts";

/** Version of the API: the first number is that of its paths. */
const API_VERSION = "1.0.0";

const PROBLEM_WORDS: Readonly<Record<number, string>> = {
  400: "Malformed: Host, encoding, key, parameter, field, body.",
  401: "A token is needed, or the one that was sent is not valid.",
  403: "The role is not enough, or the Host or Origin is another machine's.",
  404: "There is no live entry.",
  408: "The request was not sent in time.",
  409: "It does not go together with what is there.",
  412: "The condition does not hold; nothing was changed.",
  413: "The body, the list or the value is too large.",
  415: "The body is of another type, or its type is missing.",
  422: "The value cannot be carried by JSON.",
  429: "Too many wrong tokens came from this address.",
  500: "A defect.",
  501: "The store, or this node, cannot do it.",
  502: "The store failed.",
  503: "Busy, closed, or the store is down.",
  504: "The store did not answer in time.",
};

const HEADER_SCHEMAS: Readonly<Record<EntryHeader, JsonSchema>> = {
  ETag: { description: "The version.", schema: { type: "string", pattern: '^"\\d+"$' } },
  "X-Gocachex-Ttl": {
    description: "Remaining ms, or infinity.",
    schema: { type: "string", pattern: "^(\\d+|infinity)$" },
  },
  "X-Gocachex-Type": { description: "What the value is.", schema: { enum: ["json", "bytes", "bigint"] } },
  "X-Gocachex-Exact": {
    description: "false: JSON only comes near the value.",
    schema: { enum: ["true", "false"] },
  },
};

const MEDIA_TYPES: Readonly<Record<RequestBodyKind, string>> = {
  json: "application/json",
  bytes: "application/octet-stream",
};

/** Builds the OpenAPI 3.1 document of a table of routes. Nothing in it is written anywhere else. */
export function createOpenApiDocument(routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = openApiPath(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "GoCacheX node",
      version: API_VERSION,
      description: "Every route is described in docs/guide/node.md. HEAD works wherever GET does.",
    },
    paths,
    components: {
      schemas: SHARED_SCHEMAS,
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "Needed where the node was started with tokens." },
      },
    },
  };
}

/** A route's path as OpenAPI writes it: `:key` is `{key}`. */
export function openApiPath(path: string): string {
  return path.replaceAll(/:(\w+)/g, "{$1}");
}

function describeRoute(route: Route): Record<string, unknown> {
  const { summary, role, body } = route;
  return {
    summary,
    operationId: operationIdOf(route),
    ...(role === "open" ? { security: [] } : { security: [{ token: [] }], "x-role": role }),
    parameters: [...pathParameters(route), ...queryParameters(route), ...conditionHeaders(route)],
    ...(body === undefined ? {} : { requestBody: describeBody(body) }),
    responses: { ...describeAnswers(route), ...describeProblems(route) },
  };
}

function operationIdOf({ method, path }: Route): string {
  const words = path.split(/[/:.-]+/).filter((word) => word !== "" && word !== "v1");
  return [method.toLowerCase(), ...words].join("_");
}

function pathParameters({ path }: Route): unknown[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    description: "Percent-encoded as one segment.",
    schema: { type: "string" },
  }));
}

const NAMESPACE: RouteParameter = {
  description: "The view: a, or a/b for b inside a.",
  schema: { type: "string" },
  isRepeatable: true,
};

function queryParameters({ query = {}, isNamespaced = true }: Route): unknown[] {
  const all = isNamespaced ? { ...query, namespace: NAMESPACE } : query;
  return Object.entries(all).map(([name, { description, schema, isRequired = false, isRepeatable = false }]) => ({
    name,
    in: "query",
    required: isRequired,
    description,
    schema: isRepeatable ? { type: "array", items: schema } : schema,
    ...(isRepeatable ? { style: "form", explode: true } : {}),
  }));
}

function conditionHeaders({ conditions = [] }: Route): unknown[] {
  return conditions.map((name) => ({ name, in: "header", required: false, schema: { type: "string" } }));
}

function describeBody({ kinds, fields, requiredFields = [] }: RouteBody): unknown {
  const content = kinds.map((kind) => [MEDIA_TYPES[kind], { schema: bodySchema(kind, fields, requiredFields) }]);
  return { required: fields === undefined || requiredFields.length > 0, content: Object.fromEntries(content) };
}

function bodySchema(kind: RequestBodyKind, fields: RouteBody["fields"], required: readonly string[]): JsonSchema {
  if (kind === "bytes" || fields === undefined) return {};
  return { type: "object", properties: fields, required, additionalProperties: false };
}

function describeAnswers({ answers }: Route): Record<string, unknown> {
  return Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, describeAnswer(answer)]));
}

function describeAnswer({ description, content, headers = [] }: RouteAnswer): Record<string, unknown> {
  return {
    description,
    ...(headers.length === 0
      ? {}
      : { headers: Object.fromEntries(headers.map((name) => [name, HEADER_SCHEMAS[name]])) }),
    ...(content === undefined ? {} : { content: mediaTypes(content) }),
  };
}

function mediaTypes(content: Readonly<Record<string, JsonSchema>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]));
}

function describeProblems(route: Route): Record<string, unknown> {
  const problem = { "application/problem+json": schemaRef("Problem") };
  const described = problemStatusesOf(route).map((status) => {
    // A status that is an answer as well: 503 of a health check is its own document, or a problem of the node.
    const answer = route.answers[status];
    const description = [answer?.description, PROBLEM_WORDS[status]].filter((words) => words !== undefined).join(" ");
    return [String(status), describeAnswer({ description, content: { ...answer?.content, ...problem } })];
  });
  return Object.fromEntries(described) as Record<string, unknown>;
}
