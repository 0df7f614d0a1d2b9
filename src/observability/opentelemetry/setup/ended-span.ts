import type { OtelSpanContext } from "../otel-api.ts";

/** What an attribute may be. */
export type SpanValue =
  | string
  | number
  | boolean
  | undefined
  | readonly (string | number | boolean | null | undefined)[];

/** Attributes of a span, an event or a resource. */
export type SpanValues = Readonly<Record<string, SpanValue>>;

/** An instant since 1970 in whole seconds, and the nanoseconds after that. */
export type HighTime = readonly [seconds: number, nanoseconds: number];

/** Another span that a span has to do with. */
export interface SpanLink {
  /** The other span's ids. */
  readonly context: OtelSpanContext;
  /** What is said of it. */
  readonly attributes?: SpanValues | undefined;
  readonly droppedAttributesCount?: number | undefined;
}

/** A span that is over, as the SDK gives it to exporters: its `ReadableSpan`, as far as it is sent. */
export interface EndedSpan {
  /** What was done. */
  readonly name: string;
  /** `SpanKind`. */
  readonly kind: number;
  /** Its ids. */
  spanContext(): OtelSpanContext;
  /** Its parent's ids; `undefined` for a root. */
  readonly parentSpanContext?: OtelSpanContext | undefined;
  /** When it began. */
  readonly startTime: HighTime;
  /** When it was over. */
  readonly endTime: HighTime;
  /** `SpanStatus`. */
  readonly status: { readonly code: number; readonly message?: string | undefined };
  /** What it says of itself. */
  readonly attributes: SpanValues;
  /** Other spans that it has to do with. */
  readonly links: readonly SpanLink[];
  /** What happened meanwhile. */
  readonly events: ReadonlyArray<{
    readonly name: string;
    readonly time: HighTime;
    readonly attributes?: SpanValues | undefined;
    readonly droppedAttributesCount?: number | undefined;
  }>;
  /** The process. */
  readonly resource: { readonly attributes: SpanValues };
  /** Who made it. */
  readonly instrumentationScope: { readonly name: string; readonly version?: string | undefined };
  /** Attributes beyond the SDK's limit. */
  readonly droppedAttributesCount: number;
  /** Events beyond it. */
  readonly droppedEventsCount: number;
  /** Links beyond it. */
  readonly droppedLinksCount: number;
}
