/** A safeguard taken out of a source file, and the test that must then fail. */
export interface Mutation {
  /** What is taken out, in a few words; also the argument that runs this one alone. */
  readonly name: string;
  /** The source file, from the root of the repository. */
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly search: string;
  /** What stands there instead. */
  readonly replacement: string;
  /** Where the test is, from the root of the repository. */
  readonly testFile: string;
  /** The test's full name: its suites and its own, with spaces between. */
  readonly testName: string;
  /** Whether the test never ends then, so that its timeout is waited for: those mutations are spread. Default false; it changes no verdict. */
  readonly hangs?: boolean;
}
