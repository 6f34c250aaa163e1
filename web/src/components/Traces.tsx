/** The traces of the cell over the segment, with its marks above them. */

import { useSignal, useSignalEffect } from "@preact/signals";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import * as commands from "../commands";
import { colours } from "../colours";
import { drawMarks } from "../marks";
import { usePlot } from "../plot";
import { isReferee } from "../referee";
import * as state from "../state";

/** Frames that are shown before and after the segment. */
const MARGIN = 20;

export function Traces() {
  const { holder, plot, anew } = usePlot(make, update);
  const neuropil = useSignal(false);
  const whole = useSignal(false);

  function update(): void {
    const { raw, smooth, neuropil, probability } = state.traces.peek();
    const n = state.facts.peek()?.n_frames ?? 0;
    if (!plot.current) return;
    if (!raw || !smooth || !neuropil) {
      plot.current.setData([[], [], [], [], []]); // those of another cell would mislead
      return;
    }
    const x = Float64Array.from({ length: n }, (_, i) => i);
    plot.current.setData([x, raw, smooth, neuropil, probability ?? new Float32Array(n)], false);
    zoom();
  }

  function zoom(): void {
    const [first, last] = state.segment.peek();
    const n = state.facts.peek()?.n_frames ?? 1;
    const range = whole.peek() ? { min: 0, max: n - 1 } : { min: Math.max(first - MARGIN, 0), max: Math.min(last + MARGIN, n - 1) };
    plot.current?.setScale("x", range);
  }

  useSignalEffect(() => {
    const hasProbability = state.traces.value.probability !== undefined;
    if (plot.current && hasProbability !== plot.current.axes[2]?.show) anew();
    else update();
  });
  useSignalEffect(() => {
    void [state.segment.value, whole.value];
    zoom();
  });
  useSignalEffect(() => {
    plot.current?.setSeries(3, { show: neuropil.value });
  });
  useSignalEffect(() => {
    void [state.own.value, state.chosen.value, state.frame.value, state.candidates.value, state.predicted.value];
    plot.current?.redraw(false);
  });

  return (
    <section class="traces" aria-label={`Traces of ROI ${state.cell.value}`}>
      <div class="bar">
        <span aria-hidden="true">
          raw <i class="line raw" /> smooth <i class="line smooth" />{" "}
          {state.traces.value.probability && (
            <>
              probability <i class="line probability" />
            </>
          )}
        </span>
        <label>
          <input type="checkbox" checked={neuropil.value} onChange={(event) => (neuropil.value = event.currentTarget.checked)} />
          neuropil
        </label>
        <label>
          <input type="checkbox" checked={whole.value} onChange={(event) => (whole.value = event.currentTarget.checked)} />
          whole recording
        </label>
      </div>
      <div class="plot" ref={holder} />
    </section>
  );
}

function make(holder: HTMLDivElement): uPlot {
  const c = colours();
  const box = holder.getBoundingClientRect();
  const shown = state.traces.peek().probability !== undefined;
  const axis = { stroke: c.text, grid: { stroke: c.grid, width: 1 }, ticks: { stroke: c.grid, width: 1 } };
  const options: uPlot.Options = {
    width: Math.max(box.width, 300),
    height: Math.max(box.height, 160),
    padding: [56, 8, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    scales: { x: { time: false }, probability: { range: [0, 1] } },
    axes: [
      { ...axis, label: "frame", size: 44, labelSize: 16 },
      { ...axis, label: "F (counts)", size: 56, labelSize: 16 },
      { ...axis, scale: "probability", side: 1, size: shown ? 40 : 0, show: shown, grid: { show: false } },
    ],
    series: [
      {},
      { stroke: c.raw, width: 1, points: { show: false } },
      { stroke: c.smooth, width: 1.75, points: { show: false } },
      { stroke: c.neuropil, width: 1, dash: [2, 3], points: { show: false }, show: false },
      { stroke: c.probability, width: 1.25, scale: "probability", points: { show: false }, show: shown },
    ],
    hooks: { draw: [(u) => drawMarks(u, c)] },
  };
  const made = new uPlot(options, [[], [], [], [], []], holder);
  made.over.addEventListener("click", (event) => {
    const at = Math.round(made.posToVal(event.offsetX, "x"));
    state.frame.value = Math.min(Math.max(at, 0), (state.facts.peek()?.n_frames ?? 1) - 1);
    const own = state.own.peek();
    const under = [...Object.values(own.transients), ...commands.toDecide()].find(([a, b]) => at >= a && at <= b);
    if (under && !isReferee.peek()) state.chosen.value = under; // a referee judges the range in question
  });
  return made;
}
