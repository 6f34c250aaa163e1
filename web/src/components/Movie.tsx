/** The movie around the cell, with outlines, and how it is shown. */

import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Range } from "../labels";
import * as playback from "../playback";
import * as state from "../state";

const ZOOM = 5;
/** Windows of the movie that are there already, by cell and first frame. */
const ready = new Map<string, { first: number; frames: Uint8Array }>();

function held(cell: number, range: Range): { first: number; frames: Uint8Array } | undefined {
  const key = `${cell}:${range[0]}`;
  const there = ready.get(key);
  if (!there) {
    state.movieWindow(cell, range).then(
      (frames) => {
        if (ready.size > 12) ready.delete(ready.keys().next().value as string);
        ready.set(key, { first: range[0], frames });
        if (state.cell.peek() === cell) redraw.current();
      },
      // Without an answer it is asked for again.
      () => setTimeout(() => state.cell.peek() === cell && redraw.current(), 1000),
    );
  }
  return there;
}

const redraw = { current: () => undefined as void };

export function Movie() {
  const canvas = useRef<HTMLCanvasElement>(null);
  redraw.current = () => draw(canvas.current);
  useSignalEffect(() => draw(canvas.current));
  return (
    <section class="movie" aria-label="Movie around the cell">
      <canvas
        ref={canvas}
        width={60 * ZOOM}
        height={60 * ZOOM}
        role="img"
        aria-label={`Movie of ROI ${state.cell.value}, frame ${state.frame.value}`}
      />
      <Controls />
    </section>
  );
}

function draw(canvas: HTMLCanvasElement | null): void {
  const facts = state.cellFacts.value;
  const session = state.facts.value;
  const at = state.frame.value;
  const [table, count] = [playback.lut.value, playback.meanOf.value];
  const shown = playback.outlinesShown.value;
  if (!canvas || !facts || !session) return;
  const { height, width } = facts.patch;
  const size = height * width;
  const sum = new Float32Array(size);
  let n = 0;
  const from = Math.max(at - Math.floor((count - 1) / 2), 0);
  for (let t = from; t < Math.min(from + count, session.n_frames); t += 1) {
    const window = held(state.cell.value, state.windowOf(t));
    if (!window) continue;
    const start = (t - window.first) * size;
    for (let i = 0; i < size; i += 1) sum[i] = (sum[i] as number) + (window.frames[start + i] as number);
    n += 1;
  }
  // The next window is on its way before it is needed.
  held(state.cell.value, state.windowOf(Math.min(at + 60, session.n_frames - 1)));
  if (!n) return;
  const image = new ImageData(width, height);
  for (let i = 0; i < size; i += 1) {
    const grey = table[Math.round((sum[i] as number) / n)] as number;
    image.data.set([grey, grey, grey, 255], 4 * i);
  }
  void createImageBitmap(image).then((bitmap) => {
    const context = canvas.getContext("2d");
    if (!context) return;
    context.imageSmoothingEnabled = false;
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    if (shown) outline(context, canvas.width / width);
  });
}

function outline(context: CanvasRenderingContext2D, scale: number): void {
  for (const one of state.cellFacts.peek()?.outlines ?? []) {
    const own = one.cell === state.cell.peek();
    context.strokeStyle = own ? "#ffd23f" : "#4cc9f0";
    context.lineWidth = own ? 2 : 1.25;
    context.setLineDash(own ? [] : [5, 4]);
    for (const line of one.lines) {
      context.beginPath();
      line.forEach(([x, y], i) => (i ? context.lineTo(x * scale, y * scale) : context.moveTo(x * scale, y * scale)));
      context.closePath();
      context.stroke();
    }
  }
}

function Controls() {
  const session = state.facts.value;
  if (!session) return null;
  const [first, last] = playback.played.value;
  return (
    <div class="controls">
      <button type="button" onClick={() => (playback.playing.value = !playback.playing.value)}>
        {playback.playing.value ? "Stop" : "Play"}
      </button>
      <label class="wide">
        frame {state.frame.value}
        <input
          type="range"
          min={first}
          max={last}
          value={Math.min(Math.max(state.frame.value, first), last)}
          onInput={(event) => (state.frame.value = Number(event.currentTarget.value))}
        />
      </label>
      <label>
        speed
        <select
          value={String(playback.speed.value)}
          onChange={(event) => (playback.speed.value = Number(event.currentTarget.value))}
        >
          {[0.5, 1, 2, 4].map((speed) => (
            <option value={String(speed)}>{speed}×</option>
          ))}
        </select>
      </label>
      <label>
        mean of
        <input
          type="number"
          min={1}
          max={20}
          value={playback.meanOf.value}
          onInput={(event) =>
            (playback.meanOf.value = Math.min(Math.max(Math.round(Number(event.currentTarget.value)), 1), 20))
          }
        />
        frames
      </label>
      <Check label="loop the transient" value={playback.looping} />
      <Check label="outlines" value={playback.outlinesShown} />
      <Slider label="black" min={0} max={200} step={1} value={playback.black} />
      <Slider label="white" min={20} max={255} step={1} value={playback.white} />
      <Slider label="gamma" min={0.3} max={2} step={0.05} value={playback.gamma} />
    </div>
  );
}

function Check({ label, value }: { label: string; value: typeof playback.looping }) {
  return (
    <label>
      <input type="checkbox" checked={value.value} onChange={(event) => (value.value = event.currentTarget.checked)} />
      {label}
    </label>
  );
}

interface SliderProps {
  label: string;
  min: number;
  max: number;
  step: number;
  value: typeof playback.gamma;
}

function Slider({ label, min, max, step, value }: SliderProps) {
  return (
    <label>
      {label}
      <input
        type="range"
        min={min}
        max={max}
        step={step}
        value={value.value}
        onInput={(event) => (value.value = Number(event.currentTarget.value))}
      />
    </label>
  );
}
