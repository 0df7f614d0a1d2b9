import { builtInBytes } from "./built-in-estimate.ts";
import {
  arrayBytes,
  dictionaryBytes,
  errorBytes,
  MAX_SHAPED_COUNT,
  mapBytes,
  recordBytes,
  setBytes,
} from "./container-estimate.ts";
import { ARRAY, containerKindOf, DICTIONARY, ERROR, FOREIGN_ARRAY, MAP, RECORD, SET } from "./container-kind.ts";
import { isSmallInteger, leafBytes, NUMBER_BOX_BYTES, stringBytes } from "./leaf-estimate.ts";
import { dataProperty, element, keysOfMap, membersOfSet, sizeOfMap, sizeOfSet, valuesOfMap } from "./safe-read.ts";

/** Most parts that are visited when one container alone has more than {@link NARROW_COUNT}: some 30 µs. */
const WIDE_PART_COUNT = 600;
/** Most parts of values made of small containers, whose number nothing tells but visiting them: some 250 µs. */
const LINKED_PART_COUNT = 5_000;
const NARROW_COUNT = 64;
/** Up to so many containers are compared one by one, which is faster than a `Set` and needs none. */
const LISTED_COUNT = 12;

const own = Object.prototype.hasOwnProperty;

/**
 * Adds up the memory of a value by visiting all its parts; a part that occurs twice counts once, so cycles end.
 *
 * One instance serves all values in turn, for nothing that it does runs code of the value: a flat object or array costs no more memory
 * than the descriptions of its properties.
 */
export class ExactWalk {
  #root: object = this;
  /** Containers met besides the root, in the order in which they are opened. */
  #met: object[] = [];
  #known: Set<object> | undefined = undefined;
  #names: Set<string> | undefined = undefined;
  #totalBytes = 0;
  #partCount = 0;
  #limit = LINKED_PART_COUNT;

  /** @returns bytes, or -1 when the value has too many parts to visit them all */
  measure(root: object): number {
    this.#root = root;
    this.#totalBytes = 0;
    this.#partCount = 0;
    this.#limit = LINKED_PART_COUNT;
    this.#open(root);
    if (this.#met.length > 0) this.#openMet();
    this.#root = this;
    return this.#partCount > this.#limit ? -1 : this.#totalBytes;
  }

  #openMet(): void {
    for (let index = 0; index < this.#met.length && this.#partCount <= this.#limit; index += 1) {
      this.#open(this.#met[index] as object);
    }
    // A weigher must not keep alive what it weighed.
    this.#met = [];
    this.#known = undefined;
    this.#names = undefined;
  }

  #open(container: object): void {
    const kind = containerKindOf(container);
    if (kind === RECORD) this.#openRecord(container);
    else if (kind === ARRAY) this.#openArray(container as unknown[], element);
    else if (kind === MAP) this.#openMap(container);
    else if (kind === SET) this.#openSet(container);
    else if (kind === DICTIONARY) this.#totalBytes += dictionaryBytes(this.#addProperties(container));
    else if (kind === FOREIGN_ARRAY) this.#openArray(container as unknown[], dataProperty);
    else if (kind === ERROR) this.#openError(container);
    else this.#totalBytes += builtInBytes(container);
  }

  #openRecord(record: object): void {
    // `for…in` is quicker than a list of names, but goes on to the prototypes, which may be proxies: only where it is known to end.
    const count =
      Object.getPrototypeOf(record) === Object.prototype ? this.#addLiteral(record) : this.#addProperties(record);
    this.#totalBytes += recordBytes(count);
    if (count > MAX_SHAPED_COUNT && this.#partCount <= this.#limit) this.#addNames(record);
  }

  #addLiteral(record: object): number {
    let count = 0;
    for (const name in record) {
      const property = Object.getOwnPropertyDescriptor(record, name);
      // Somebody may have given all objects an enumerable property.
      if (property === undefined) continue;
      count += 1;
      if (count > NARROW_COUNT && this.#isTooWide(count)) return count;
      this.#add(property.value);
    }
    this.#partCount += count;
    return count;
  }

  #addProperties(container: object): number {
    const names = Object.keys(container);
    if (this.#isTooWide(names.length)) return names.length;
    for (const name of names) this.#add(dataProperty(container, name));
    this.#partCount += names.length;
    return names.length;
  }

  #addNames(record: object): void {
    this.#names ??= new Set();
    for (const name of Object.keys(record)) {
      if (this.#names.has(name)) continue;
      this.#names.add(name);
      this.#totalBytes += stringBytes(name);
    }
    if (this.#met.length === 0) this.#names = undefined;
  }

  #openArray(array: readonly unknown[], read: (source: readonly unknown[], index: number) => unknown): void {
    const { length } = array;
    this.#totalBytes += arrayBytes(length);
    if (this.#isTooWide(length)) return;
    let boxedCount = 0;
    let isNumeric = true;
    for (let index = 0; index < length; index += 1) {
      const part = read(array, index);
      if (typeof part !== "number") {
        isNumeric = false;
        this.#add(part);
      } else if (!isSmallInteger(part)) boxedCount += 1;
    }
    // V8 keeps the numbers themselves while an array has nothing else.
    if (!isNumeric) this.#totalBytes += boxedCount * NUMBER_BOX_BYTES;
    this.#partCount += length;
  }

  #openMap(map: object): void {
    const size = sizeOfMap(map);
    this.#totalBytes += mapBytes(size);
    if (this.#isTooWide(size * 2)) return;
    this.#addAll(keysOfMap(map));
    this.#addAll(valuesOfMap(map));
    this.#partCount += size * 2;
  }

  #openSet(set: object): void {
    const size = sizeOfSet(set);
    this.#totalBytes += setBytes(size);
    if (this.#isTooWide(size)) return;
    this.#addAll(membersOfSet(set));
    this.#partCount += size;
  }

  #openError(error: object): void {
    this.#totalBytes += errorBytes(this.#addProperties(error));
    for (const name of ["message", "cause"]) {
      // Neither is enumerable where the platform sets it.
      if (own.call(error, name) && !Object.prototype.propertyIsEnumerable.call(error, name))
        this.#add(dataProperty(error, name));
    }
  }

  #addAll(parts: Iterator<unknown>): void {
    for (let next = parts.next(); next.done !== true; next = parts.next()) this.#add(next.value);
  }

  #add(part: unknown): void {
    const bytes = leafBytes(part);
    if (bytes >= 0) this.#totalBytes += bytes;
    else this.#meet(part as object);
  }

  #meet(part: object): void {
    const met = this.#met;
    if (part === this.#root) return;
    if (met.length < LISTED_COUNT) {
      if (!met.includes(part)) met.push(part);
      return;
    }
    this.#known ??= new Set(met);
    if (this.#known.has(part)) return;
    this.#known.add(part);
    met.push(part);
  }

  /** Notes that a container has so many parts. @returns whether they are too many to visit */
  #isTooWide(count: number): boolean {
    if (count > NARROW_COUNT) this.#limit = WIDE_PART_COUNT;
    if (this.#partCount + count <= this.#limit) return false;
    this.#partCount = Infinity;
    return true;
  }
}
