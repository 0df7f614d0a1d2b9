/** An error as a line has it. */
export interface LoggedError {
  readonly type: string;
  readonly code?: string;
  readonly message: string;
  /** From the outermost cause to the innermost. */
  readonly causes?: readonly Omit<LoggedError, "causes">[];
}

/** The `user:password@` of an address. Found by what is before it, so that a long text is looked at once. */
const CREDENTIALS = /:\/\/[^\s/@]*@/g;
/** Longest text of an error in a line, in characters: some libraries put what they were given into it. */
const MAX_MESSAGE_LENGTH = 1_000;
/** Causes of causes that are shown. */
const MAX_CAUSE_COUNT = 5;

/** An error without its stack, which says where the cache is and not what is wrong; credentials in addresses are masked. Never throws. */
export function describeError(error: unknown): LoggedError {
  const causes: Omit<LoggedError, "causes">[] = [];
  let cause = causeOf(error);
  while (cause !== undefined && causes.length < MAX_CAUSE_COUNT) {
    causes.push(describeOne(cause));
    cause = causeOf(cause);
  }
  const described = describeOne(error);
  return causes.length === 0 ? described : { ...described, causes };
}

function describeOne(error: unknown): Omit<LoggedError, "causes"> {
  if (!(error instanceof Error)) return { type: typeof error, message: "not an error was thrown" };
  const { code } = error as { readonly code?: unknown };
  const described = { type: error.name, message: maskCredentials(error.message) };
  return typeof code === "string" ? { ...described, code } : described;
}

function maskCredentials(text: string): string {
  const masked = String(text).replace(CREDENTIALS, "://***@");
  return masked.length > MAX_MESSAGE_LENGTH ? `${masked.slice(0, MAX_MESSAGE_LENGTH)}…` : masked;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
