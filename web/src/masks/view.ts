/** Which part of the field of view both panels show, and how large. */

import { signal } from "@preact/signals";
import type { Box } from "./api";
import type { Point } from "./runs";

/** Pixels of a panel's edge; what its style sheet makes of it is up to the window. */
export const panel = signal({ width: 480, height: 480 });
/** Column and row at the panel's corner, and pixels of the panel a pixel of the movie. */
export const view = signal({ x: 0, y: 0, scale: 1 });
/** Where keys draw: a column and a row. */
export const cursor = signal<Point>([0, 0]);

export function fit([height, width]: [number, number]): void {
  focus({ top: 0, left: 0, height, width });
}

export function focus(box: Box): void {
  const scale = Math.min(panel.peek().width / box.width, panel.peek().height / box.height);
  view.value = {
    scale,
    x: box.left + box.width / 2 - panel.peek().width / scale / 2,
    y: box.top + box.height / 2 - panel.peek().height / scale / 2,
  };
  cursor.value = [box.left + box.width / 2, box.top + box.height / 2];
}

/** Zoom by a factor; the point stays where it is. */
export function zoom(by: number, [x, y]: Point = cursor.peek()): void {
  const before = view.peek();
  const scale = Math.min(Math.max(before.scale * by, 0.1), 40);
  const kept = before.scale / scale;
  view.value = { scale, x: x - (x - before.x) * kept, y: y - (y - before.y) * kept };
}

export function pan(dx: number, dy: number): void {
  const { x, y, scale } = view.peek();
  view.value = { scale, x: x - dx / scale, y: y - dy / scale };
}

/** Move the cursor of the keys; the view follows it. */
export function moveCursor(dx: number, dy: number, [height, width]: [number, number]): void {
  const [x, y] = cursor.peek();
  const to: Point = [Math.min(Math.max(x + dx, 0), width), Math.min(Math.max(y + dy, 0), height)];
  cursor.value = to;
  const { scale, x: left, y: top } = view.peek();
  const [right, bottom] = [left + panel.peek().width / scale, top + panel.peek().height / scale];
  const over = (at: number, low: number, high: number) => (at < low ? at - low : at > high ? at - high : 0);
  pan(-over(to[0], left, right) * scale, -over(to[1], top, bottom) * scale);
}
