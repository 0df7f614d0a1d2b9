import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";
import { type PemFiles, readPemFiles } from "./grpc-credentials.ts";
import type { GrpcTls } from "./grpc-transport-settings.ts";

/** Time between two looks at the files, in ms: certificates are renewed hours before they end. */
const LOOK_MS = 60_000;

/** Credentials of the library for who listens; a version without the method shows what it had at the start. */
interface RenewableCredentials {
  updateSecureContextOptions?(options: {
    readonly ca: Buffer | undefined;
    readonly cert: readonly Buffer[];
    readonly key: readonly Buffer[];
  }): void;
}

/** What a renewal is made of. */
export interface CertificateRenewalParts {
  readonly tls: GrpcTls;
  /** What is shown now. */
  readonly files: PemFiles;
  /** As `serverCredentials` made them of it. */
  readonly credentials: object;
  readonly scheduler: Pick<Scheduler, "after">;
  /** What is in the files will not do; what was there before is shown on. Told for the first failure after a success. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * Looks every minute whether the files of who listens have changed, and shows what they have now to who dials from then on. Who dials reads them at each dial.
 *
 * A certificate and a key that do not belong together, as between the writing of one file and that of the other, are not taken.
 */
export class CertificateRenewal {
  readonly #parts: CertificateRenewalParts;
  #files: PemFiles;
  #isClosed = false;
  #isFailing = false;
  #timer: ScheduledTask | undefined;

  constructor(parts: CertificateRenewalParts) {
    this.#parts = parts;
    this.#files = parts.files;
  }

  /** Begins to look. */
  open(): void {
    if (!this.#isClosed) this.#timer = this.#parts.scheduler.after(LOOK_MS, () => void this.#look());
  }

  /** Ends it. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const { tls, onFailed } = this.#parts;
    try {
      const files = await readPemFiles(tls);
      if (!isSame(files, this.#files)) await this.#take(files);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing && !this.#isClosed) onFailed(error);
      this.#isFailing = true;
    }
    this.open();
  }

  async #take(files: PemFiles): Promise<void> {
    const { createSecureContext } = await import("node:tls");
    const context = { ca: files.ca ?? undefined, cert: [files.cert], key: [files.key] };
    // The library would listen to nobody with something that is no pair.
    createSecureContext(context);
    if (this.#isClosed) return;
    (this.#parts.credentials as RenewableCredentials).updateSecureContextOptions?.(context);
    this.#files = files;
  }
}

function isSame(first: PemFiles, second: PemFiles): boolean {
  const isSameCa = first.ca === second.ca || (first.ca !== null && second.ca !== null && first.ca.equals(second.ca));
  return isSameCa && first.cert.equals(second.cert) && first.key.equals(second.key);
}
