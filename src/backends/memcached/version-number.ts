/** CAS numbers that one step of a base has room for. No server gives out 4 million in a second, year in, year out. */
const VERSIONS_PER_STEP = 4_096;

/**
 * The version of an entry: `versionBase * 4096 + CAS number`. A server that restarts counts its CAS numbers from 1 again; the base is then
 * larger, so versions of a key go on growing, and one that was read before a restart fits no entry written after it.
 *
 * In mode `coherent` the base is the instant, in ms since 2024, at which the root's item was made (see `namespace-marks.ts`), the same
 * for all clients of the server: 53 bits reach to 2093. In mode `plain` it counts the restarts that this client saw.
 */
export function versionOf(versionBase: number, cas: number): number {
  return versionBase * VERSIONS_PER_STEP + cas;
}
