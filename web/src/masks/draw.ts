/** What is drawn on the panels: pictures, outlines, and what is being drawn. */

import type { Runs } from "../labels";
import { points, stroke } from "./draft";
import { proposals, at as proposed } from "./proposals";
import { edgesOf, pixelOf, Raster } from "./raster";
import { centreOf, type Point, runsOf } from "./runs";
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

const PIXELS = Object.fromEntries(Object.entries(COLOURS).map(([kind, colour]) => [kind, pixelOf(colour)]));

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

let raster = new Raster(1, 1);

/** All outlines with the signs of their states, the selected ones above them, and proposals dashed. */
export function outlines(contexts: Context[]): void {
  const { width, height } = contexts[0]?.canvas ?? raster;
  if (raster.width !== width || raster.height !== height) raster = new Raster(width, height);
  raster.clear();
  const at = view.peek();
  const chosen = new Set(state.selected.peek());
  if (state.outlinesShown.peek()) {
    for (const { runs, state: kind } of state.masks.peek().values()) {
      raster.outline(edgesOf(runs), at, PIXELS[kind] as number);
      raster.sign(kind, middleOf(runs), at, PIXELS[kind] as number);
    }
    for (const name of chosen) {
      const mask = state.masks.peek().get(name);
      if (mask) raster.outline(edgesOf(mask.runs), at, PIXELS.selected as number, 3);
    }
    if (state.phase.peek() === 1)
      proposals.peek().forEach(({ runs }, i) => {
        raster.outline(edgesOf(runs), at, PIXELS.proposal as number, i === proposed.peek() ? 3 : 1, true);
      });
  }
  for (const context of contexts) raster.onto(context);
}

const middles = new WeakMap<Runs, Point>();

function middleOf(runs: Runs): Point {
  const there = middles.get(runs) ?? centreOf(runs);
  middles.set(runs, there);
  return there;
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
  if (painted) edges(context, runsOf(painted.pixels, state.size.peek().width));
  if (state.phase.peek() === 1) diamond(context, scale);
  crosshair(context, scale);
}

function edges(context: Context, runs: Runs): void {
  const { upright, level } = edgesOf(runs);
  context.beginPath();
  for (const [x, from, to] of upright) {
    context.moveTo(x, from);
    context.lineTo(x, to);
  }
  for (const [y, from, to] of level) {
    context.moveTo(from, y);
    context.lineTo(to, y);
  }
  context.stroke();
}

/** Around the proposal at hand. */
function diamond(context: Context, scale: number): void {
  const one = proposals.peek()[proposed.peek()];
  if (!one) return;
  const [x, y] = middleOf(one.runs);
  const r = 16 / scale + 6;
  context.strokeStyle = COLOURS.proposal as string;
  context.beginPath();
  for (const [dx, dy] of [[0, -r], [r, 0], [0, r], [-r, 0]] as Point[]) context.lineTo(x + dx, y + dy);
  context.closePath();
  context.stroke();
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
