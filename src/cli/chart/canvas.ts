/** A point in pixels, from the upper left corner. */
export type Point = readonly [x: number, y: number];

/** A colour: red, green and blue, 0 to 255 each. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** How something is drawn. */
export interface Stroke {
  readonly colour: Rgb;
  /** In pixels. */
  readonly width: number;
  /** 0 to 1. Default: 1. */
  readonly opacity?: number | undefined;
  /** Lengths of dashes and gaps in pixels, in turn; empty: none. */
  readonly dash?: readonly number[] | undefined;
}

const RGB_BYTES = 3;

/** The colour of `#rrggbb`. */
export function rgbOf(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff];
}

/**
 * Pixels that lines are drawn on, with smooth edges.
 *
 * A pixel is covered by as much as its middle is nearer to the line than half its width, at most a whole: for lines that are not much thinner than a pixel that is as
 * good as the area, and it costs a distance. What belongs together is drawn at once: where its pieces meet, the larger cover counts, so that joints are not darker.
 */
export class Canvas {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel, row by row. */
  readonly rgb: Uint8Array;
  readonly #cover: Float32Array;

  constructor(width: number, height: number, background: Rgb) {
    this.width = width;
    this.height = height;
    this.rgb = new Uint8Array(width * height * RGB_BYTES);
    for (let at = 0; at < this.rgb.length; at += RGB_BYTES) this.rgb.set(background, at);
    this.#cover = new Float32Array(width * height);
  }

  /** Draws lines through points, with round ends. A line of one point is a dot. */
  stroke(lines: readonly (readonly Point[])[], { colour, width, opacity = 1, dash = [] }: Stroke): void {
    const bounds = new Bounds(this.width, this.height);
    for (const line of dash.length === 0 ? lines : lines.flatMap((line) => dashed(line, dash))) {
      for (const [index, from] of line.entries()) {
        const to = line[index + 1];
        if (to !== undefined || line.length === 1) this.#coverSegment(from, to ?? from, width / 2, bounds);
      }
    }
    this.#blend(bounds, colour, opacity);
  }

  #coverSegment(from: Point, to: Point, radius: number, bounds: Bounds): void {
    const box = bounds.add(from, to, radius + 1);
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const squared = dx * dx + dy * dy;
    for (let y = box.top; y < box.bottom; y += 1) {
      for (let x = box.left; x < box.right; x += 1) {
        const [px, py] = [x + 0.5 - from[0], y + 0.5 - from[1]];
        const along = squared === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / squared));
        const distance = Math.hypot(px - along * dx, py - along * dy);
        const cover = Math.min(1, radius + 0.5 - distance);
        const at = y * this.width + x;
        if (cover > (this.#cover[at] as number)) this.#cover[at] = cover;
      }
    }
  }

  #blend({ left, right, top, bottom }: Bounds, colour: Rgb, opacity: number): void {
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) {
        const at = y * this.width + x;
        const share = (this.#cover[at] as number) * opacity;
        if (share === 0) continue;
        this.#cover[at] = 0;
        for (let part = 0; part < RGB_BYTES; part += 1) {
          const place = at * RGB_BYTES + part;
          const before = this.rgb[place] as number;
          this.rgb[place] = Math.round(before + ((colour[part] as number) - before) * share);
        }
      }
    }
  }
}

/** The pixels that something touches: from `left` and `top` on, up to but not `right` and `bottom`. */
class Bounds {
  left: number;
  top: number;
  right = 0;
  bottom = 0;
  readonly #width: number;
  readonly #height: number;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.left = width;
    this.top = height;
  }

  /** Makes room for a segment. @returns the pixels of the segment alone */
  add(from: Point, to: Point, reach: number): Pick<Bounds, "left" | "top" | "right" | "bottom"> {
    const box = {
      left: Math.max(0, Math.floor(Math.min(from[0], to[0]) - reach)),
      top: Math.max(0, Math.floor(Math.min(from[1], to[1]) - reach)),
      right: Math.min(this.#width, Math.ceil(Math.max(from[0], to[0]) + reach)),
      bottom: Math.min(this.#height, Math.ceil(Math.max(from[1], to[1]) + reach)),
    };
    this.left = Math.min(this.left, box.left);
    this.top = Math.min(this.top, box.top);
    this.right = Math.max(this.right, box.right);
    this.bottom = Math.max(this.bottom, box.bottom);
    return box;
  }
}

/** The pieces of a line that dashes leave. */
function dashed(line: readonly Point[], dash: readonly number[]): Point[][] {
  const pieces: Point[][] = [];
  let place = 0;
  let left = dash[0] as number;
  let piece: Point[] = [line[0] as Point];
  const finish = (): void => {
    if (place % 2 === 0 && piece.length > 1) pieces.push(piece);
  };
  for (const [index, to] of line.entries()) {
    let from = line[index - 1];
    if (from === undefined) continue;
    for (let length = distanceOf(from, to); length > left; length = distanceOf(from, to)) {
      const share = left / length;
      from = [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
      piece.push(from);
      finish();
      place += 1;
      left = dash[place % dash.length] as number;
      piece = [from];
    }
    left -= distanceOf(from, to);
    piece.push(to);
  }
  finish();
  return pieces;
}

function distanceOf(from: Point, to: Point): number {
  return Math.hypot(to[0] - from[0], to[1] - from[1]);
}
