import process from "node:process";

function print(label, ...results) {
  console.log(`  ${label.padEnd(62)}`, ...results);
}

/** Shows a result. */
export const show = print;

/** Shows whether something is as it is said to be. What is not ends the process with 1. */
export function claim(label, isTrue) {
  print(label, isTrue);
  if (!isTrue) process.exitCode = 1;
}
