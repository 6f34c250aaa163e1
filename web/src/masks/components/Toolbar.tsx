/** Tools, and how the movie and the picture are shown. */

import * as edit from "../edit";
import * as draft from "../draft";
import * as state from "../state";

const TOOLS: { name: state.ToolName; label: string }[] = [
  { name: "select", label: "Select (v)" },
  { name: "outline", label: "Outline (o)" },
  { name: "brush", label: "Brush (b)" },
  { name: "eraser", label: "Eraser (e)" },
  { name: "cut", label: "Cut (c)" },
  { name: "lasso", label: "Lasso (l)" },
];

export function Toolbar() {
  return (
    <section class="segment" aria-label="Tools">
      {!state.facts.value?.is_referee && <Tools />}
      <div class="bar">
        <button type="button" onClick={() => (state.playing.value = !state.playing.value)}>
          {state.playing.value ? "Stop (p)" : "Play (p)"}
        </button>
        <Time />
        <label>
          speed
          <select value={String(state.speed.value)} onChange={(event) => (state.speed.value = Number(event.currentTarget.value))}>
            {[0.5, 1, 2, 4].map((speed) => (
              <option value={String(speed)}>{speed}×</option>
            ))}
          </select>
        </label>
        <label>
          picture
          <select value={state.picture.value} onChange={(event) => (state.picture.value = event.currentTarget.value)}>
            {(state.facts.value?.pictures ?? []).map((name) => (
              <option value={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          <input
            type="checkbox"
            checked={state.outlinesShown.value}
            onChange={(event) => (state.outlinesShown.value = event.currentTarget.checked)}
          />
          outlines
        </label>
      </div>
    </section>
  );
}

function Tools() {
  return (
    <div class="bar">
      {TOOLS.map(({ name, label }) => (
        <button
          type="button"
          aria-pressed={state.tool.value === name}
          onClick={() => {
            draft.cancel();
            state.tool.value = name;
          }}
        >
          {label}
        </button>
      ))}
      <label>
        brush
        <input
          type="number"
          min={1}
          max={20}
          value={state.radius.value}
          onChange={(event) => (state.radius.value = Math.min(Math.max(Number(event.currentTarget.value), 1), 20))}
        />
        px
      </label>
      <button type="button" onClick={edit.merge}>
        Merge (g)
      </button>
      <button type="button" onClick={() => edit.remove()}>
        Delete (x)
      </button>
    </div>
  );
}

function Time() {
  const facts = state.facts.value;
  if (!facts) return null;
  const seconds = (state.bin.value * facts.bin) / facts.frame_rate_hz;
  return (
    <label class="wide">
      {seconds.toFixed(1)} s
      <input
        type="range"
        min={0}
        max={facts.n_bins - 1}
        value={state.bin.value}
        onInput={(event) => (state.bin.value = Number(event.currentTarget.value))}
      />
    </label>
  );
}
