/** A property's name or index on the way to a part. */
export type PathStep = string | number;

/** Why a part of a value cannot be copied. Travels up from the part; every level it passes adds its step in front. */
export class UncopyablePart {
  readonly reason: string;
  /** What the caller's code threw, when it did. */
  readonly cause: unknown;
  /** The way from the value to the part. */
  readonly steps: PathStep[] = [];

  constructor(reason: string, cause?: unknown) {
    this.reason = reason;
    this.cause = cause;
  }
}

/** An overflow of the stack leaves as it is: at its depth there is no room to do more. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes("call stack");
}

/** Writes steps as JSONPath does: `$.user.tags[3]["odd name"]`. */
export function formatPath(steps: readonly PathStep[]): string {
  let path = "$";
  for (const step of steps) {
    if (typeof step === "number") path += `[${step}]`;
    else path += /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  }
  return path;
}
