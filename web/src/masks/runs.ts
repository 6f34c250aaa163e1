/** Masks as runs of pixels along rows, and what tools make of them: exact to the pixel. */

import type { Runs } from "../labels";

export type Point = [number, number];
export interface Size {
  height: number;
  width: number;
}

/** Pixels as y * width + x. */
export type Pixels = Set<number>;

export function pixelsOf(runs: Runs, width: number): Pixels {
  const pixels: Pixels = new Set();
  for (const [y, first, last] of runs) for (let x = first; x <= last; x += 1) pixels.add(y * width + x);
  return pixels;
}

export function runsOf(pixels: Pixels, width: number): Runs {
  const runs: Runs = [];
  for (const pixel of Float64Array.from(pixels).sort()) {
    const [y, x] = [Math.floor(pixel / width), pixel % width];
    const run = runs.at(-1);
    if (run && run[0] === y && run[2] === x - 1) run[2] = x;
    else runs.push([y, x, x]);
  }
  return runs;
}

export function areaOf(runs: Runs): number {
  return runs.reduce((sum, [, first, last]) => sum + last - first + 1, 0);
}

export function contains(runs: Runs, y: number, x: number): boolean {
  return runs.some(([row, first, last]) => row === y && first <= x && x <= last);
}

export function centreOf(runs: Runs): Point {
  let [sumX, sumY, n] = [0, 0, 0];
  for (const [y, first, last] of runs) {
    const length = last - first + 1;
    sumX += (length * (first + last)) / 2;
    sumY += length * y;
    n += length;
  }
  return [sumX / n + 0.5, sumY / n + 0.5];
}

/** Top, left, bottom and right, the last two after the last pixel. */
export function boxOf(runs: Runs): [number, number, number, number] {
  const rows = runs.map(([y]) => y);
  return [
    Math.min(...rows),
    Math.min(...runs.map(([, first]) => first)),
    Math.max(...rows) + 1,
    Math.max(...runs.map(([, , last]) => last)) + 1,
  ];
}

export function union(parts: Runs[], width: number): Runs {
  const pixels: Pixels = new Set();
  for (const runs of parts) for (const pixel of pixelsOf(runs, width)) pixels.add(pixel);
  return runsOf(pixels, width);
}

/** Whether a point lies inside a polygon. */
export function inside(polygon: Point[], [x, y]: Point): boolean {
  let within = false;
  polygon.forEach(([ax, ay], i) => {
    const [bx, by] = polygon[(i + 1) % polygon.length] as Point;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  });
  return within;
}

/** The pixels whose centres lie inside a polygon. */
export function filled(polygon: Point[], { height, width }: Size): Runs {
  const ys = polygon.map(([, y]) => y);
  const runs: Runs = [];
  for (let y = Math.max(Math.floor(Math.min(...ys)), 0); y < Math.min(Math.max(...ys), height); y += 1) {
    const crossings: number[] = [];
    polygon.forEach(([ax, ay], i) => {
      const [bx, by] = polygon[(i + 1) % polygon.length] as Point;
      const at = y + 0.5;
      if (ay > at !== by > at) crossings.push(((bx - ax) * (at - ay)) / (by - ay) + ax);
    });
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const first = Math.max(Math.ceil((crossings[i] as number) - 0.5), 0);
      const last = Math.min(Math.ceil((crossings[i + 1] as number) - 0.5), width) - 1;
      const before = runs.at(-1);
      if (before && before[0] === y && before[2] >= first - 1) before[2] = Math.max(before[2], last);
      else if (first <= last) runs.push([y, first, last]);
    }
  }
  return runs;
}

/** A mask with a disc added to it, or taken away. */
export function brushed(pixels: Pixels, [x, y]: Point, radius: number, adds: boolean, { height, width }: Size): void {
  for (let row = Math.floor(y - radius); row <= y + radius; row += 1) {
    for (let column = Math.floor(x - radius); column <= x + radius; column += 1) {
      const far = (row + 0.5 - y) ** 2 + (column + 0.5 - x) ** 2 > radius ** 2;
      if (far || row < 0 || column < 0 || row >= height || column >= width) continue;
      if (adds) pixels.add(row * width + column);
      else pixels.delete(row * width + column);
    }
  }
}

/** The two sides of a mask along a straight line. */
export function cut(runs: Runs, [a, b]: [Point, Point], width: number): [Runs, Runs] {
  const sides: [Pixels, Pixels] = [new Set(), new Set()];
  for (const pixel of pixelsOf(runs, width)) {
    const [y, x] = [Math.floor(pixel / width) + 0.5, (pixel % width) + 0.5];
    const side = (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]);
    sides[side > 0 ? 0 : 1].add(pixel);
  }
  return [runsOf(sides[0], width), runsOf(sides[1], width)];
}
