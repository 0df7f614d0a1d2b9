/** What is known of a span. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;
