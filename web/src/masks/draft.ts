/** What is being drawn: corners of an outline, a stroke of the brush, a line of the knife, a lasso. */

import { signal } from "@preact/signals";
import * as edit from "./edit";
import type { Mask } from "./fold";
import { brushed, centreOf, contains, filled, inside, pixelsOf, type Pixels, type Point, runsOf } from "./runs";
import * as state from "./state";
import { cursor, pan, view } from "./view";

/** Corners, or points of a stroke. */
export const points = signal<Point[]>([]);
/** Pixels under the brush's stroke so far, and what mask they change. */
export const stroke = signal<{ pixels: Pixels; mask: Mask | null } | null>(null);
let dragged = false;
let from: Point = [0, 0];

export function cancel(): void {
  points.value = [];
  stroke.value = null;
}

/** The topmost, which is the smallest, of the masks at a point. */
export function maskAt([x, y]: Point): Mask | null {
  const under = state.listed.peek().filter(({ runs }) => contains(runs, Math.floor(y), Math.floor(x)));
  return under.sort((a, b) => a.runs.length - b.runs.length)[0] ?? null;
}

function select(at: Point, more: boolean): void {
  const mask = maskAt(at);
  if (!mask) state.selected.value = more ? state.selected.peek() : [];
  else if (!more) state.selected.value = [mask.name];
  else {
    const others = state.selected.peek().filter((name) => name !== mask.name);
    state.selected.value = others.length < state.selected.peek().length ? others : [...others, mask.name];
  }
}

function near(a: Point, b: Point): boolean {
  return Math.hypot(a[0] - b[0], a[1] - b[1]) * view.peek().scale < 8;
}

/** A corner of the outline; the first one again closes it. */
function corner(at: Point): void {
  const first = points.peek()[0];
  if (first && points.peek().length > 2 && near(first, at)) finish();
  else points.value = [...points.peek(), at];
}

function paint(at: Point): void {
  const adds = state.tool.peek() === "brush";
  const before = stroke.peek();
  const mask = before?.mask ?? state.current.peek();
  const pixels = before?.pixels ?? (mask ? pixelsOf(mask.runs, state.size.peek().width) : new Set<number>());
  brushed(pixels, at, state.radius.peek(), adds, state.size.peek());
  stroke.value = { pixels, mask: mask ?? null };
}

function painted(): void {
  const made = stroke.peek();
  stroke.value = null;
  if (!made) return;
  const tool = state.tool.peek() === "brush" ? "brush" : "eraser";
  const runs = runsOf(made.pixels, state.size.peek().width);
  if (made.mask) edit.reshape(tool, made.mask, runs);
  else if (tool === "brush") edit.add("brush", runs);
  else edit.say("Select the mask from which pixels are taken.");
}

/** Finish the outline, the cut or the lasso. */
export function finish(freehand = false): void {
  const drawn = points.peek();
  const tool = state.tool.peek();
  points.value = [];
  if (tool === "cut" && drawn.length > 1) edit.split([drawn[0] as Point, drawn.at(-1) as Point]);
  else if (tool === "outline" && drawn.length > 2) edit.add(freehand ? "freehand" : "polygon", filled(drawn, state.size.peek()));
  else if (tool === "lasso" && drawn.length > 2) {
    const within = state.listed.peek().filter(({ runs }) => inside(drawn, centreOf(runs)));
    state.selected.value = within.map(({ name }) => name);
    edit.say(`${within.length} masks are selected.`);
  } else if (drawn.length) edit.say("An outline needs three corners, a cut two.");
}

export function back(): void {
  points.value = points.peek().slice(0, -1);
}

export function press(at: Point, more: boolean): void {
  [dragged, from] = [false, at];
  cursor.value = at;
  const tool = state.tool.peek();
  if (tool === "brush" || tool === "eraser") paint(at);
  else if (tool === "cut" || tool === "lasso") points.value = [at];
  else if (tool === "select") select(at, more);
}

export function drag(at: Point): void {
  const tool = state.tool.peek();
  const moves = !near(from, at);
  if (tool === "brush" || tool === "eraser") paint(at);
  else if (tool === "cut") points.value = [from, at];
  else if (tool === "lasso") points.value = [...points.peek(), at];
  else if (tool === "outline" && (moves || dragged) && (dragged || !points.peek().length)) points.value = [...points.peek(), at];
  else if (tool === "select" && (moves || dragged)) {
    const { scale } = view.peek();
    pan((at[0] - from[0]) * scale, (at[1] - from[1]) * scale);
  }
  dragged ||= moves;
}

export function release(at: Point): void {
  const tool = state.tool.peek();
  if (tool === "brush" || tool === "eraser") painted();
  else if (tool === "outline" && dragged && points.peek().length > 2) finish(true);
  else if (tool === "outline") corner(at);
  else if (tool === "cut" || tool === "lasso") finish();
}

/** What a click does, by key at the cursor: a corner, paint, an end of the cut; the mask under it is selected. */
export function atCursor(more: boolean): void {
  const tool = state.tool.peek();
  const at = cursor.peek();
  if (tool === "select") select(at, more);
  else if (tool === "brush" || tool === "eraser") {
    paint(at);
    painted();
  } else {
    corner(at);
    if (tool === "cut" && points.peek().length === 2) finish();
  }
}
