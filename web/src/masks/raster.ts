/** Outlines drawn pixel by pixel: thousands in a few milliseconds, with or without a graphics card. */

import type { Runs } from "../labels";

/** Edges of a mask's pixels: column and rows of upright ones, row and columns of level ones. */
export interface Edges {
  upright: [number, number, number][];
  level: [number, number, number][];
}

export interface View {
  x: number;
  y: number;
  scale: number;
}

const made = new WeakMap<Runs, Edges>();

/** The edges around a mask, found once. */
export function edgesOf(runs: Runs): Edges {
  const there = made.get(runs);
  if (there) return there;
  const rows = new Map<number, number[]>();
  const upright: Edges["upright"] = [];
  for (const [y, first, last] of runs) {
    const ends = rows.get(y) ?? [];
    rows.set(y, ends);
    ends.push(first, last + 1);
    upright.push([first, y, y + 1], [last + 1, y, y + 1]);
  }
  const level: Edges["level"] = [];
  for (const y of new Set([...rows.keys()].flatMap((row) => [row, row + 1]))) {
    // Between two rows the border runs where one is covered and the other isn't.
    const ends = [...(rows.get(y - 1) ?? []), ...(rows.get(y) ?? [])].sort((a, b) => a - b);
    for (let i = 0; i + 1 < ends.length; i += 2)
      if (ends[i] !== ends[i + 1]) level.push([y, ends[i] as number, ends[i + 1] as number]);
  }
  const edges = { upright, level };
  made.set(runs, edges);
  return edges;
}

/** Signs of the states, which differ in shape: square, cross, triangle, ring. */
const SIGNS: Record<string, string[]> = {
  keep: ["1111111", "1000001", "1000001", "1000001", "1000001", "1000001", "1111111"],
  dismiss: ["1000001", "0100010", "0010100", "0001000", "0010100", "0100010", "1000001"],
  doubtful: ["0001000", "0001000", "0010100", "0010100", "0100010", "0100010", "1111111"],
  "": ["0000000", "0011100", "0100010", "0100010", "0100010", "0011100", "0000000"],
};

/** A picture of a panel's size, of 32 bits a pixel. */
export class Raster {
  private readonly image: ImageData;
  private readonly pixels: Uint32Array;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.image = new ImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  clear(): void {
    this.pixels.fill(0);
  }

  private dot(x: number, y: number, colour: number): void {
    if (x >= 0 && y >= 0 && x < this.width && y < this.height) this.pixels[y * this.width + x] = colour;
  }

  /** Edges in a colour, as thick as asked for; dashed ones leave every other four pixels out. */
  outline({ upright, level }: Edges, { x, y, scale }: View, colour: number, thick = 1, dashed = false): void {
    const low = -(thick >> 1);
    const shown = (along: number) => !dashed || (along & 4) === 0;
    for (const [column, from, to] of upright) {
      const at = Math.round((column - x) * scale);
      if (at < -thick || at > this.width + thick) continue;
      const end = Math.min(Math.round((to - y) * scale), this.height);
      for (let row = Math.max(Math.round((from - y) * scale), 0); row <= end; row += 1)
        if (shown(row)) for (let i = low; i < low + thick; i += 1) this.dot(at + i, row, colour);
    }
    for (const [row, from, to] of level) {
      const at = Math.round((row - y) * scale);
      if (at < -thick || at > this.height + thick) continue;
      const end = Math.min(Math.round((to - x) * scale), this.width);
      for (let column = Math.max(Math.round((from - x) * scale), 0); column <= end; column += 1)
        if (shown(column)) for (let i = low; i < low + thick; i += 1) this.dot(column, at + i, colour);
    }
  }

  /** The sign of a state around a point of the movie. */
  sign(state: string, [px, py]: [number, number], { x, y, scale }: View, colour: number): void {
    const [left, top] = [Math.round((px - x) * scale) - 3, Math.round((py - y) * scale) - 3];
    (SIGNS[state] ?? []).forEach((line, row) => {
      for (let column = 0; column < line.length; column += 1)
        if (line[column] === "1") this.dot(left + column, top + row, colour);
    });
  }

  onto(context: CanvasRenderingContext2D): void {
    context.putImageData(this.image, 0, 0);
  }
}

/** A colour #rrggbb as a pixel. */
export function pixelOf(colour: string): number {
  const rgb = Number.parseInt(colour.slice(1), 16);
  return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}
