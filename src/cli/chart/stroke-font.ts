import type { Point } from "./canvas.ts";

/**
 * Letters made of lines, drawn for charts: every character of ASCII. A stroke is `-` for straight lines, `~` for a curve from its first
 * point to its last, or `o` for a closed curve, and then points: a digit for how far right, and a hexadecimal one for how far up. Letters
 * stand on 3, small ones reach up to 9, capitals to c (12), tails down to 0.
 */
const GLYPHS: Readonly<Record<string, string>> = {
  "!": "-0c06 -0303",
  '"': "-0c0a -2c2a",
  "#": "-132c -435c -0666 -0969",
  $: "~6a6c0c0867630305 -3d32",
  "%": "o09292c0c o43636646 -036c",
  "&": "~63191c4c4906034367",
  "'": "-0c0a",
  "(": "~2d0a0521",
  ")": "~0d2a2501",
  "*": "-2c28 -0b49 -094b",
  "+": "-0666 -3339",
  ",": "-1301",
  "-": "-0646",
  ".": "-0303",
  "/": "-015c",
  "0": "o03636c0c",
  "1": "-0a2c23 -0343",
  "2": "~0a0c6c6903 -0363",
  "3": "~0a0c6c6828 ~2868630305",
  "4": "-434c0666",
  "5": "-5c0c08 ~0869630305",
  "6": "~5c0b0506 o03636808",
  "7": "-0c6c23",
  "8": "o03636808 o18585c1c",
  "9": "o07676c0c ~6a6413",
  ":": "-0303 -0808",
  ";": "-1301 -1818",
  "<": "-590653",
  "=": "-0565 -0868",
  ">": "-095603",
  "?": "~0a0c5c592726 -2323",
  "@": "o26565a2a ~56767c0c0363",
  A: "-033c63 -1656",
  B: "-0c03 ~0c6c6808 ~08686303",
  C: "~6a6c0c036365",
  D: "-0c03 ~0c4c6c634303",
  E: "-6c0c0363 -0858",
  F: "-6c0c03 -0858",
  G: "~6a6c0c036366 -3666",
  H: "-0c03 -6c63 -0868",
  I: "-0c4c -2c23 -0343",
  J: "~4c430305",
  K: "-0c03 -6c07 -2863",
  L: "-0c0363",
  M: "-030c478c83",
  N: "-030c636c",
  O: "o03737c0c",
  P: "-0c03 ~0c6c6707",
  Q: "o03737c0c -4673",
  R: "-0c03 ~0c6c6707 -3763",
  S: "~6a6c0c0867630305",
  T: "-0c6c -3c33",
  U: "~0c070363676c",
  V: "-0c336c",
  W: "-0c234a638c",
  X: "-036c -0c63",
  Y: "-0c386c -3833",
  Z: "-0c6c0363",
  "[": "-2d0d0121",
  "\\": "-0c51",
  "]": "-0d2d2101",
  "^": "-093c69",
  _: "-0262",
  "`": "-0c1a",
  a: "o03535909 -5953",
  b: "-0c03 o03535909",
  c: "~585909035354",
  d: "o03535909 -5c53",
  e: "-0656 ~565909035354",
  f: "~4c1c19 -1913 -0949",
  g: "o03535909 -5952 ~52500001",
  h: "-0c03 ~0609595753",
  i: "-0309 -0b0c",
  j: "-1912 ~121000 -1b1c",
  k: "-0c03 -5905 -2653",
  l: "-0c03",
  m: "-0903 ~0609494743 ~4649898783",
  n: "-0903 ~0609595753",
  o: "o03535909",
  p: "-0900 o03535909",
  q: "o03535909 -5950",
  r: "-0903 ~06094948",
  s: "~5859090656530304",
  t: "-1c15 ~151343 -0949",
  u: "~0905035356 -5953",
  v: "-093369",
  w: "-0923486389",
  x: "-0359 -0953",
  y: "-6920 -0933",
  z: "-09590353",
  "{": "-2d1c1807161221",
  "|": "-0d01",
  "}": "-0d1c1827161201",
  "~": "~060838366668",
};

/** Capitals are so high, in parts of the size of a text. */
const CAPITAL_RATIO = 0.72;
const BASE = 3;
const CAPITAL_UNITS = 9;
/** Letters are drawn narrower than the grid, and stand so far from each other. */
const NARROWING = 0.86;
const GAP_UNITS = 2.6;
const SPACE_UNITS = 3;
/** Each round takes the corners of a curve off: after three they are smaller than a pixel. */
const SMOOTHING_ROUNDS = 3;
const HEX = 16;

/** A text as lines to draw. */
export interface TextLines {
  /** From the left end of the line that letters stand on, downwards as pixels are. */
  readonly lines: readonly (readonly Point[])[];
  /** In pixels. */
  readonly width: number;
}

/**
 * Lays a text out. Marks above letters are left out; what has no letter here becomes a question mark.
 *
 * @param size as of other fonts, in pixels
 */
export function layOutText(text: string, size: number): TextLines {
  const unit = (size * CAPITAL_RATIO) / CAPITAL_UNITS;
  const lines: Point[][] = [];
  let left = 0;
  for (const letter of text.normalize("NFKD").replace(/\p{M}/gu, "")) {
    if (letter === " ") {
      left += SPACE_UNITS + GAP_UNITS;
      continue;
    }
    const strokes = strokesOf(letter);
    for (const stroke of strokes)
      lines.push(stroke.map(([x, y]) => [(left + x) * unit * NARROWING, (BASE - y) * unit] as const));
    left += Math.max(...strokes.flat().map(([x]) => x)) + GAP_UNITS;
  }
  return { lines, width: Math.max(0, left - GAP_UNITS) * unit * NARROWING };
}

const drawn = new Map<string, readonly (readonly Point[])[]>();

function strokesOf(letter: string): readonly (readonly Point[])[] {
  const name = Object.hasOwn(GLYPHS, letter) ? letter : "?";
  let strokes = drawn.get(name);
  if (strokes === undefined) {
    strokes = (GLYPHS[name] as string).split(" ").map(readStroke);
    drawn.set(name, strokes);
  }
  return strokes;
}

function readStroke(stroke: string): readonly Point[] {
  const digits = stroke.slice(1);
  const points = Array.from({ length: digits.length / 2 }, (_, index): Point => {
    const pair = digits.slice(index * 2, index * 2 + 2);
    return [Number(pair[0]), Number.parseInt(pair[1] as string, HEX)];
  });
  if (stroke.startsWith("-")) return points;
  const isClosed = stroke.startsWith("o");
  let curve: readonly Point[] = points;
  for (let round = 0; round < SMOOTHING_ROUNDS; round += 1) curve = cutCorners(curve, isClosed);
  return isClosed ? [...curve, curve[0] as Point] : curve;
}

/**
 * One round of Chaikin's algorithm: each corner gives way to the points a quarter before and after it. Repeated, it becomes a quadratic B-spline, which touches the
 * middle of each side. ("An algorithm for high speed curve generation", 1974.)
 */
function cutCorners(points: readonly Point[], isClosed: boolean): Point[] {
  const sides = isClosed ? points.length : points.length - 1;
  const cut: Point[] = isClosed ? [] : [points[0] as Point];
  for (let index = 0; index < sides; index += 1) {
    const from = points[index] as Point;
    const to = points[(index + 1) % points.length] as Point;
    const isFirst = !isClosed && index === 0;
    const isLast = !isClosed && index === sides - 1;
    if (!isFirst) cut.push(between(from, to, 0.25));
    if (!isLast) cut.push(between(from, to, 0.75));
  }
  if (!isClosed) cut.push(points.at(-1) as Point);
  return cut;
}

function between(from: Point, to: Point, share: number): Point {
  return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
}
