/** ΔF/F of the mask at hand, with its spikes. */

import { useSignalEffect } from "@preact/signals";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { colours } from "../../colours";
import { usePlot } from "../../plot";
import * as state from "../state";

const SPIKE = 5;

export function Trace() {
  const update = () => {
    const dff = state.trace.peek()?.trace.dff ?? [];
    plot.current?.setData([dff.map((_, i) => i), dff]);
  };
  const { holder, plot } = usePlot(made, update);
  useSignalEffect(() => {
    void state.trace.value;
    update();
  });
  useSignalEffect(() => {
    void state.bin.value;
    if (state.trace.peek()) plot.current?.redraw(false);
  });
  const mask = state.current.value;
  const own = state.trace.value?.name === mask?.name ? state.trace.value?.trace : undefined;
  const told = own ? `${own.spikes.length} spikes (▼), largest d′ ${own.dprime?.toFixed(1) ?? "none"}` : "…";
  return (
    <section class="traces" aria-label="ΔF/F of the mask">
      <h2>{mask ? `Mask ${mask.id}: ΔF/F, ${told}` : "Select a mask: its ΔF/F is shown here"}</h2>
      <div class="plot" ref={holder} />
    </section>
  );
}

function made(holder: HTMLDivElement): uPlot {
  const c = colours();
  const box = holder.getBoundingClientRect();
  const axis = { stroke: c.text, grid: { stroke: c.grid, width: 1 }, ticks: { stroke: c.grid, width: 1 } };
  const plot = new uPlot(
    {
      width: Math.max(box.width, 300),
      height: Math.max(box.height, 100),
      padding: [14, 8, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: true, y: false }, points: { show: false } },
      scales: { x: { time: false } },
      axes: [
        { ...axis, label: "frame", size: 40, labelSize: 14 },
        { ...axis, label: "ΔF/F", size: 50, labelSize: 14 },
      ],
      series: [{}, { stroke: c.smooth, width: 1, points: { show: false } }],
      hooks: { draw: [(u) => marks(u, c.true, c.cursor)] },
    },
    [[], []],
    holder,
  );
  plot.over.addEventListener("click", (event) => {
    const length = state.facts.peek()?.bin ?? 1;
    const n = state.facts.peek()?.n_bins ?? 1;
    state.bin.value = Math.min(Math.max(Math.floor(plot.posToVal(event.offsetX, "x") / length), 0), n - 1);
  });
  return plot;
}

/** Spikes as triangles above the trace, and where the movie is. */
function marks(plot: uPlot, spike: string, now: string): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.fillStyle = spike;
  for (const [frame] of state.trace.peek()?.trace.spikes ?? []) {
    const x = plot.valToPos(frame, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x - SPIKE * scale, bbox.top - 9 * scale);
    ctx.lineTo(x + SPIKE * scale, bbox.top - 9 * scale);
    ctx.lineTo(x, bbox.top);
    ctx.fill();
  }
  const x = plot.valToPos(state.bin.peek() * (state.facts.peek()?.bin ?? 1), "x", true);
  ctx.strokeStyle = now;
  ctx.lineWidth = 2 * scale;
  if (x >= bbox.left && x <= bbox.left + bbox.width) {
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
