/** What is drawn on the panels: pictures, outlines, and what is being drawn. */

import type { Runs } from "../labels";
import { points, stroke } from "./draft";
import type { Mask } from "./fold";
import { proposals, at as proposed } from "./proposals";
import { centreOf, outline, type Point, runsOf } from "./runs";
import * as state from "./state";
import { cursor, view } from "./view";

type Context = CanvasRenderingContext2D;

/** On grey pictures, in light and dark pages alike; each state has a sign of its own beside its colour. */
const COLOURS: Record<string, string> = {
  keep: "#4cc9f0",
  "": "#ffd23f",
  dismiss: "#ff8a80",
  doubtful: "#d6a4ff",
  selected: "#ffffff",
  proposal: "#7dff9b",
};

interface Drawn {
  path: Path2D;
  centre: Point;
}
const made = new WeakMap<Runs, Drawn>();

/** The outline of a mask in pixels of the movie, traced once. */
function drawnOf(runs: Runs): Drawn {
  const there = made.get(runs);
  if (there) return there;
  const path = new Path2D();
  for (const line of outline(runs)) {
    line.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
    path.closePath();
  }
  const drawn = { path, centre: centreOf(runs) };
  made.set(runs, drawn);
  return drawn;
}

function placed(context: Context): void {
  const { x, y, scale } = view.peek();
  context.setTransform(scale, 0, 0, scale, -x * scale, -y * scale);
}

export function clear(context: Context): void {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
}

/** A picture of the whole field, or of a part of it that lies at `left`, `top`. */
export function picture(context: Context, bitmap: ImageBitmap, left: number, top: number, width: number, height: number, row = 0): void {
  clear(context);
  placed(context);
  context.imageSmoothingEnabled = view.peek().scale < 2;
  context.drawImage(bitmap, 0, row, width, height, left, top, width, height);
}

/** Signs of a state around the centre of a mask, of radius `r`: a square, a ring, a cross, a triangle. */
function sign(path: Path2D, kind: string, [x, y]: Point, r: number): void {
  if (kind === "keep") path.rect(x - 0.7 * r, y - 0.7 * r, 1.4 * r, 1.4 * r);
  else if (kind === "dismiss") {
    path.moveTo(x - r, y - r);
    path.lineTo(x + r, y + r);
    path.moveTo(x + r, y - r);
    path.lineTo(x - r, y + r);
  } else if (kind === "doubtful") {
    path.moveTo(x, y - r);
    path.lineTo(x + r, y + 0.8 * r);
    path.lineTo(x - r, y + 0.8 * r);
    path.closePath();
  } else {
    path.moveTo(x + 0.8 * r, y);
    path.arc(x, y, 0.8 * r, 0, 2 * Math.PI);
  }
}

/** All outlines, those of one state in one stroke. */
export function outlines(context: Context): void {
  clear(context);
  if (!state.outlinesShown.peek()) return;
  placed(context);
  const { scale } = view.peek();
  const chosen = new Set(state.selected.peek());
  const [lines, signs] = [new Map<string, Path2D>(), new Map<string, Path2D>()];
  const pathOf = (paths: Map<string, Path2D>, kind: string) => {
    const there = paths.get(kind) ?? new Path2D();
    paths.set(kind, there);
    return there;
  };
  for (const mask of visible(context)) {
    const { path, centre } = drawnOf(mask.runs);
    pathOf(lines, mask.state).addPath(path);
    if (chosen.has(mask.name)) pathOf(lines, "selected").addPath(path);
    sign(pathOf(signs, mask.state), mask.state, centre, 3.5 / scale);
  }
  for (const [kind, path] of lines) {
    context.strokeStyle = COLOURS[kind] as string;
    context.lineWidth = (kind === "selected" ? 3 : 1.25) / scale;
    context.stroke(path);
  }
  for (const [kind, path] of signs) {
    context.strokeStyle = COLOURS[kind] as string;
    context.lineWidth = 1.25 / scale;
    context.stroke(path);
  }
}

/** The masks of which a part is on the panel. */
function visible(context: Context): Mask[] {
  const { x, y, scale } = view.peek();
  const [right, bottom] = [x + context.canvas.width / scale, y + context.canvas.height / scale];
  return [...state.masks.peek().values()].filter(({ runs }) => {
    const first = runs[0] as Runs[number];
    const last = runs.at(-1) as Runs[number];
    return last[0] >= y && first[0] <= bottom && first[1] <= right + 60 && first[2] >= x - 60;
  });
}

/** What is being drawn, the proposal at hand, and the cursor of the keys. */
export function draft(context: Context): void {
  clear(context);
  placed(context);
  const { scale } = view.peek();
  const line = points.peek();
  context.lineWidth = 2 / scale;
  context.strokeStyle = COLOURS.selected as string;
  if (line.length) {
    context.beginPath();
    line.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.stroke();
    for (const [x, y] of line) context.strokeRect(x - 2 / scale, y - 2 / scale, 4 / scale, 4 / scale);
  }
  const painted = stroke.peek();
  if (painted) context.stroke(drawnOf(runsOf(painted.pixels, state.size.peek().width)).path);
  if (state.phase.peek() === 1) dashed(context, scale);
  crosshair(context, scale);
}

/** Proposals: dashed; the one at hand thick, in a diamond. */
function dashed(context: Context, scale: number): void {
  context.strokeStyle = COLOURS.proposal as string;
  context.setLineDash([4 / scale, 3 / scale]);
  proposals.peek().forEach(({ runs }, i) => {
    const { path, centre } = drawnOf(runs);
    context.lineWidth = (i === proposed.peek() ? 2.5 : 1.25) / scale;
    context.stroke(path);
    if (i !== proposed.peek()) return;
    const r = 16 / scale + 6;
    context.beginPath();
    for (const [dx, dy] of [[0, -r], [r, 0], [0, r], [-r, 0]] as Point[]) context.lineTo(centre[0] + dx, centre[1] + dy);
    context.closePath();
    context.stroke();
  });
  context.setLineDash([]);
}

function crosshair(context: Context, scale: number): void {
  const [x, y] = cursor.peek();
  const brush = state.tool.peek() === "brush" || state.tool.peek() === "eraser";
  const r = brush ? state.radius.peek() : 3 / scale;
  context.beginPath();
  if (brush) context.arc(x, y, r, 0, 2 * Math.PI);
  for (const [dx, dy] of [[-1, 0], [1, 0], [0, -1], [0, 1]] as Point[]) {
    context.moveTo(x + dx * r, y + dy * r);
    context.lineTo(x + dx * (r + 6 / scale), y + dy * (r + 6 / scale));
  }
  context.strokeStyle = "#000000";
  context.lineWidth = 3 / scale;
  context.stroke();
  context.strokeStyle = COLOURS.selected as string;
  context.lineWidth = 1.25 / scale;
  context.stroke();
}
