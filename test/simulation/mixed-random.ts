/**
 * A number in [0, 1) that depends on nothing but the given integers (murmur3's mixing of words). What a schedule leaves to chance is drawn by what it concerns and not in a
 * row, so that a step taken out of a schedule changes as little as possible of the rest.
 *
 * @see https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 */
export function mixedRandom(first: number, second: number, third?: number, fourth?: number, fifth?: number): number {
  // A list of parts would cost an array at each of some thousand draws of a run.
  let state = mix(mix(0x9e3779b9, first), second);
  if (third !== undefined) state = mix(state, third);
  if (fourth !== undefined) state = mix(state, fourth);
  if (fifth !== undefined) state = mix(state, fifth);
  return (state >>> 0) / 4_294_967_296;
}

function mix(state: number, part: number): number {
  let mixed = Math.imul(state ^ part, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** A word of a text, for {@link mixedRandom}. */
export function wordOf(text: string): number {
  let word = 0;
  for (let index = 0; index < text.length; index += 1) word = (Math.imul(word, 31) + text.charCodeAt(index)) | 0;
  return word;
}
