/**
 * A serializer of our own, for what no general one can know: a class. It has a name, which stands in each value, so that values of another
 * serializer are never given to it; and it throws where it does not know better, so that nothing is lost without a word.
 */
export class Money {
  constructor(amount, currency) {
    this.amount = amount;
    this.currency = currency;
  }

  toString() {
    return `${this.amount.toFixed(2)} ${this.currency}`;
  }
}

const PLAIN = new Set([Object.prototype, Array.prototype]);

export const moneySerializer = {
  name: "money-json",
  encode: (value) => Buffer.from(JSON.stringify(value, replace)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString(), revive),
};

function replace(_name, part) {
  if (part instanceof Money) return { $money: [part.amount, part.currency] };
  const isPlain = typeof part !== "object" || part === null || PLAIN.has(Object.getPrototypeOf(part));
  if (!isPlain || ["undefined", "function", "bigint", "symbol"].includes(typeof part)) {
    throw new TypeError("money-json carries plain data and Money only");
  }
  return part;
}

function revive(_name, part) {
  return Array.isArray(part?.$money) ? new Money(...part.$money) : part;
}
