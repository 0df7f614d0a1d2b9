#!/usr/bin/env node
import { createProcessIo } from "./process-io.ts";
import { run } from "./run.ts";

// Everything is written by then, and what an interrupted command or an app left open must not keep the process alive.
run(process.argv.slice(2), createProcessIo()).then((exitCode) => process.exit(exitCode));
