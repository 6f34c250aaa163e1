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

/** Closed lines around a mask, along the edges of its pixels, with corners cut so that few points are left. */
export function outline(runs: Runs): Point[][] {
  const next = edges(runs);
  const lines: Point[][] = [];
  for (const start of next.keys()) {
    while (next.get(start)?.length) lines.push(walk(next, start));
  }
  return lines;
}

const CORNER = 65536;

/** Where the border goes on from each corner of a pixel, the mask on its right. */
function edges(runs: Runs): Map<number, number[]> {
  const next = new Map<number, number[]>();
  const add = (ax: number, ay: number, bx: number, by: number) => {
    const from = ay * CORNER + ax;
    const there = next.get(from);
    if (there) there.push(by * CORNER + bx);
    else next.set(from, [by * CORNER + bx]);
  };
  const rows = new Map<number, [number, number][]>();
  for (const [y, first, last] of runs) {
    const row = rows.get(y);
    if (row) row.push([first, last]);
    else rows.set(y, [[first, last]]);
    add(first, y + 1, first, y);
    add(last + 1, y, last + 1, y + 1);
  }
  const covered = (y: number, x: number) => rows.get(y)?.some(([first, last]) => first <= x && x <= last) ?? false;
  for (const [y, first, last] of runs) {
    for (let x = first; x <= last; x += 1) {
      if (!covered(y - 1, x)) add(x, y, x + 1, y);
      if (!covered(y + 1, x)) add(x + 1, y + 1, x, y + 1);
    }
  }
  return next;
}

/** One closed line through the middles of the edges, straight parts as one. */
function walk(next: Map<number, number[]>, start: number): Point[] {
  const middles: Point[] = [];
  let at = start;
  do {
    const to = next.get(at)?.pop() as number;
    const [ax, ay] = [at % CORNER, Math.floor(at / CORNER)];
    const [bx, by] = [to % CORNER, Math.floor(to / CORNER)];
    middles.push([(ax + bx) / 2, (ay + by) / 2]);
    at = to;
  } while (at !== start && next.get(at)?.length);
  return middles.filter((point, i) => {
    const [before, after] = [middles.at(i - 1) as Point, middles[(i + 1) % middles.length] as Point];
    return (point[0] - before[0]) * (after[1] - point[1]) !== (point[1] - before[1]) * (after[0] - point[0]);
  });
}
