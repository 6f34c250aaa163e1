/** The marks of the cell, drawn above its traces: each kind has a shape of its own beside its colour. */

import type uPlot from "uplot";
import type { Colours } from "./colours";
import * as commands from "./commands";
import type { Range } from "./labels";
import * as state from "./state";

const LANE = 14;

export function drawMarks(plot: uPlot, c: Colours): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  const own = state.own.peek();
  const lane = (i: number) => bbox.top - (56 - 6 - i * (LANE + 2)) * scale;
  const box = ([first, last]: Range): [number, number] => {
    const left = Math.max(plot.valToPos(first - 0.5, "x", true), bbox.left);
    const right = Math.min(plot.valToPos(last + 0.5, "x", true), bbox.left + bbox.width);
    return [left, Math.max(right - left, right < bbox.left ? 0 : 2)];
  };
  const visible = ([first, last]: Range) =>
    last >= (plot.scales.x?.min ?? 0) && first <= (plot.scales.x?.max ?? 0);
  const each = (marks: Range[], draw: (left: number, width: number, range: Range) => void) =>
    marks.filter(visible).forEach((range) => draw(...box(range), range));
  const height = LANE * scale;
  ctx.save();

  ctx.fillStyle = c.shade;
  each(state.facts.peek()?.invalid ?? [], (left, width) => ctx.fillRect(left, bbox.top, width, bbox.height));
  ctx.strokeStyle = c.text;
  ctx.lineWidth = scale;
  // Segments that were looked at: a frame around the lanes. The one at work: dashed.
  each(Object.values(own.looked), (left, width) =>
    ctx.strokeRect(left, lane(0) - 3 * scale, width, 3 * height + 6 * scale),
  );
  ctx.setLineDash([6 * scale, 4 * scale]);
  each([state.segment.peek()], (left, width) => ctx.strokeRect(left, bbox.top, width, bbox.height));
  ctx.setLineDash([]);

  // Candidates: hollow boxes in the lowest lane.
  each(commands.toDecide(), (left, width) => ctx.strokeRect(left, lane(2), width, height * 0.6));
  // True: filled, with a tick at the peak.
  ctx.fillStyle = c.true;
  each(Object.values(own.transients), (left, width) => {
    ctx.fillRect(left, lane(0), width, height);
    ctx.fillRect(left + width - 2 * scale, lane(0), 2 * scale, height * 1.4);
  });
  // False: crossed out.
  ctx.strokeStyle = c.false;
  ctx.lineWidth = 1.5 * scale;
  each(Object.values(own.rejected), (left, width) => {
    ctx.beginPath();
    ctx.moveTo(left, lane(1));
    ctx.lineTo(left + width, lane(1) + height);
    ctx.moveTo(left + width, lane(1));
    ctx.lineTo(left, lane(1) + height);
    ctx.stroke();
  });
  // Doubtful: stripes. Movement: dots.
  ctx.strokeStyle = c.doubtful;
  each(Object.values(own.doubtful), (left, width) => {
    for (let x = left; x < left + width; x += 4 * scale) {
      ctx.beginPath();
      ctx.moveTo(x, lane(1) + height);
      ctx.lineTo(Math.min(x + 4 * scale, left + width), lane(1));
      ctx.stroke();
    }
    ctx.strokeRect(left, lane(1), width, height);
  });
  ctx.fillStyle = c.doubtful;
  each(Object.values(own.movement), (left, width) => {
    for (let x = left + 2 * scale; x < left + width; x += 5 * scale) {
      ctx.beginPath();
      ctx.arc(x, lane(1) + height / 2, 1.8 * scale, 0, 2 * Math.PI);
      ctx.fill();
    }
  });

  const chosen = state.chosen.peek();
  if (chosen && visible(chosen)) {
    const [left, width] = box(chosen);
    ctx.strokeStyle = c.cursor;
    ctx.lineWidth = 2 * scale;
    ctx.strokeRect(left - scale, lane(0) - 4 * scale, width + 2 * scale, bbox.top + bbox.height - lane(0) + 3 * scale);
  }
  const at = plot.valToPos(state.frame.peek(), "x", true);
  if (at >= bbox.left && at <= bbox.left + bbox.width) {
    ctx.strokeStyle = c.cursor;
    ctx.lineWidth = scale;
    ctx.beginPath();
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
  }
  if (state.traces.peek().probability) {
    const y = plot.valToPos(state.facts.peek()?.threshold ?? 0.5, "probability", true);
    ctx.strokeStyle = c.probability;
    ctx.setLineDash([3 * scale, 3 * scale]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}
