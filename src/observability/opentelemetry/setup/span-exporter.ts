import { encodeOtlp } from "./encode-otlp.ts";
import { encodeZipkin } from "./encode-zipkin.ts";
import type { EndedSpan, SpanValues } from "./ended-span.ts";
import { SpanSender, type SpanSenderOptions } from "./span-sender.ts";

/** The protobuf of OTLP over HTTP or gRPC, or Zipkin's JSON over HTTP. */
export type SpanProtocol = "otlp-http" | "otlp-grpc" | "zipkin";

/** How an exporter tells the SDK what became of a batch: `ExportResult`. */
export interface ExportResult {
  /** 0: taken, 1: lost. */
  readonly code: 0 | 1;
  readonly error?: Error;
}

/** Where spans are sent, and in which form. */
export interface SpanExporterOptions extends SpanSenderOptions {
  readonly protocol: SpanProtocol;
  readonly serviceName: string;
}

/** Sends the spans of the SDK: its `SpanExporter`. */
export class SpanExporter {
  readonly #protocol: SpanProtocol;
  readonly #serviceName: string;
  readonly #resource: SpanValues;
  readonly #sender: SpanSender;
  readonly #running = new Set<Promise<void>>();

  constructor({ protocol, serviceName, ...options }: SpanExporterOptions) {
    this.#protocol = protocol;
    this.#serviceName = serviceName;
    this.#resource = { "service.name": serviceName };
    this.#sender = new SpanSender(options);
  }

  /** Sends a batch. */
  export(spans: readonly EndedSpan[], onResult: (result: ExportResult) => void): void {
    const sending = this.#send(spans).then(
      () => onResult({ code: 0 }),
      (error: Error) => onResult({ code: 1, error }),
    );
    this.#running.add(sending);
    void sending.finally(() => this.#running.delete(sending));
  }

  /** Waits for what is on its way. */
  async forceFlush(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** As {@link SpanExporter.forceFlush}; the SDK gives nothing more. */
  shutdown(): Promise<void> {
    return this.forceFlush();
  }

  /** There is only so much time left, in which nothing is sent twice. */
  hurry(): void {
    this.#sender.hurry();
  }

  /** Ends what is on its way, which is lost, and frees what is held. */
  abandon(): void {
    this.#sender.close();
  }

  async #send(spans: readonly EndedSpan[]): Promise<void> {
    if (spans.length === 0) return;
    await this.#sender.send(
      this.#protocol === "zipkin"
        ? encodeZipkin(spans, this.#resource, this.#serviceName)
        : encodeOtlp(spans, this.#resource),
    );
  }
}
