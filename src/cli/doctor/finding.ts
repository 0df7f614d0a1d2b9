import { reportOf } from "../exit-code.ts";

/** How something is: fine, worth a look, or broken. */
export type FindingStatus = "ok" | "warn" | "fail";

/** One line of the doctor's report. Holds no keys, values or credentials. */
export interface Finding {
  readonly status: FindingStatus;
  /** What was looked at, for example `"redis/127.0.0.1:6379"`. */
  readonly subject: string;
  /** What was found, and for all but `ok` what to do. */
  readonly message: string;
  /** Of a failure: whether the configuration is wrong, something cannot be reached, or anything else. */
  readonly area?: "configuration" | "connection" | undefined;
}

/** Nothing to do. */
export function ok(subject: string, message: string): Finding {
  return { status: "ok", subject, message };
}

/** It works, but. */
export function warn(subject: string, message: string): Finding {
  return { status: "warn", subject, message };
}

/** It does not work. */
export function fail(subject: string, message: string, area?: Finding["area"]): Finding {
  return { status: "fail", subject, message, area };
}

/** A failure with the words of an error. */
export function failWith(subject: string, error: unknown, area?: Finding["area"]): Finding {
  const { message, code } = reportOf(error);
  return fail(subject, `${message} [${code}]`, area);
}
