import { Buffer } from "node:buffer";
import { types } from "node:util";

/** What the platform's deep equality lets pass is compared here too: prototypes, descriptors, `-0`, and who is shared with whom. */
export interface StrictOptions {
  /** Whether parts that are one object on one side must be one on the other. Default: true. */
  readonly identity?: boolean;
}

/** Where and how two values differ, for people; `undefined` when nobody could tell one from the other. O(size) */
export function strictDifference(was: unknown, is: unknown, options: StrictOptions = {}): string | undefined {
  return new Comparison(options.identity ?? true).parts(was, is, "$");
}

class Comparison {
  readonly #identity: boolean;
  readonly #there = new Map<object, object>();
  readonly #back = new Map<object, object>();
  /** Pairs being compared, so that cycles end when identity is not asked for. */
  readonly #open = new Map<object, Set<object>>();

  constructor(identity: boolean) {
    this.#identity = identity;
  }

  parts(was: unknown, is: unknown, path: string): string | undefined {
    if (typeof was !== "object" || was === null || typeof is !== "object" || is === null) {
      return Object.is(was, is) ? undefined : `${path}: ${told(was)} became ${told(is)}`;
    }
    const known = this.#identity ? this.#meet(was, is, path) : this.#isBeingCompared(was, is);
    if (known !== undefined) return known === true ? undefined : known;
    if (Object.getPrototypeOf(was) !== Object.getPrototypeOf(is)) return `${path}: another prototype`;
    return this.#content(was, is, path) ?? this.#properties(was, is, path);
  }

  /** @returns true for a pair that was met, what is wrong with one that cannot be, `undefined` for a new one */
  #meet(was: object, is: object, path: string): string | true | undefined {
    const known = this.#there.get(was);
    const knownBack = this.#back.get(is);
    if (known === undefined && knownBack === undefined) {
      this.#there.set(was, is);
      this.#back.set(is, was);
      return undefined;
    }
    return (known === is && knownBack === was) || `${path}: a shared part became another`;
  }

  #isBeingCompared(was: object, is: object): true | undefined {
    const open = this.#open.get(was) ?? new Set();
    if (open.has(is)) return true;
    this.#open.set(was, open.add(is));
    return undefined;
  }

  /** What an object holds besides properties. */
  #content(was: object, is: object, path: string): string | undefined {
    if (types.isDate(was)) return this.parts(was.getTime(), (is as Date).getTime(), `${path}.getTime()`);
    if (types.isRegExp(was)) return this.parts(String(was), String(is), `${path}.source`);
    if (types.isBoxedPrimitive(was)) return this.parts(was.valueOf(), is.valueOf(), `${path}.valueOf()`);
    if (types.isAnyArrayBuffer(was))
      return bytesDifference(new Uint8Array(was), new Uint8Array(is as ArrayBuffer), path);
    if (ArrayBuffer.isView(was)) return bytesDifference(bytesOf(was), bytesOf(is as ArrayBufferView), path);
    if (types.isMap(was)) return this.#members([...was].flat(), [...(is as Map<unknown, unknown>)].flat(), path);
    if (types.isSet(was)) return this.#members([...was], [...(is as Set<unknown>)], path);
    return Array.isArray(was) === Array.isArray(is) ? undefined : `${path}: an array became none`;
  }

  #members(was: readonly unknown[], is: readonly unknown[], path: string): string | undefined {
    if (was.length !== is.length) return `${path}: ${was.length} members became ${is.length}`;
    for (const [index, part] of was.entries()) {
      const difference = this.parts(part, is[index], `${path}{${index}}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }

  #properties(was: object, is: object, path: string): string | undefined {
    if (ArrayBuffer.isView(was)) return undefined;
    const names = namesOf(was);
    const difference = listDifference(names, namesOf(is));
    if (difference !== undefined) return `${path}: ${difference}`;
    for (const name of names) {
      const inside = this.#property(was, is, name, `${path}.${String(name)}`);
      if (inside !== undefined) return inside;
    }
    return undefined;
  }

  #property(was: object, is: object, name: PropertyKey, path: string): string | undefined {
    const [one, other] = [was, is].map((side) => Object.getOwnPropertyDescriptor(side, name) ?? {});
    // From Node.js 22 on the stack of an error that V8 read is a getter.
    if (name === "stack" && types.isNativeError(was)) {
      if (one?.enumerable !== other?.enumerable) return `${path}: enumerable differs`;
      return this.parts(was.stack, (is as Error).stack, path);
    }
    for (const attribute of ["enumerable", "writable", "configurable"] as const) {
      if (one?.[attribute] !== other?.[attribute]) return `${path}: ${attribute} differs`;
    }
    return this.parts(one?.value, other?.value, path);
  }
}

/** In their order, which is part of a plain object; that of an error's own is the platform's affair. */
function namesOf(value: object): readonly PropertyKey[] {
  const names = Reflect.ownKeys(value);
  return types.isNativeError(value) ? [...names].sort() : names;
}

function listDifference(was: readonly PropertyKey[], is: readonly PropertyKey[]): string | undefined {
  const isSame = was.length === is.length && was.every((name, index) => name === is[index]);
  return isSame ? undefined : `properties ${JSON.stringify(was.map(String))} became ${JSON.stringify(is.map(String))}`;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function bytesDifference(was: Uint8Array, is: Uint8Array, path: string): string | undefined {
  return Buffer.compare(was, is) === 0 ? undefined : `${path}: other bytes`;
}

function told(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  return typeof value === "string" ? JSON.stringify(value) : typeof value === "object" ? "an object" : String(value);
}
