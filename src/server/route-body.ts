import type { JsonSchema } from "./json-schema.ts";
import type { RequestBodyKind } from "./request-body.ts";

/** The body that a route takes. */
export interface RouteBody {
  /** What it may be sent as. */
  readonly kinds: readonly RequestBodyKind[];
  /** Fields of a JSON object; any other is refused. Absent: any JSON value. No body counts as `{}`. */
  readonly fields?: Readonly<Record<string, JsonSchema>>;
  /** Fields that cannot be left out. Default: none. */
  readonly requiredFields?: readonly string[];
}
