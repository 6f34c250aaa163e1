/** The segment at work, the cell's type, and a list of what the canvas shows. */

import * as commands from "../commands";
import type { Range } from "../labels";
import { finish } from "../queue";
import * as state from "../state";

export function Segment() {
  const session = state.facts.value;
  if (!session) return null;
  const [first, last] = state.segment.value;
  const left = commands.undecided().length;
  const own = state.own.value;
  const seconds = ((last - first + 1) / session.frame_rate_hz).toFixed(1);
  return (
    <section class="segment" aria-label="Segment and cell">
      <div class="bar">
        <strong>ROI {state.cell.value}</strong>
        <label>
          segment from
          <input
            type="number"
            min={0}
            max={last}
            value={first}
            onChange={(event) => {
              commands.setSegment(Number(event.currentTarget.value), last);
              event.currentTarget.value = String(state.segment.value[0]);
            }}
          />
        </label>
        <label>
          to
          <input
            type="number"
            min={first}
            max={session.n_frames - 1}
            value={last}
            onChange={(event) => {
              commands.setSegment(first, Number(event.currentTarget.value));
              event.currentTarget.value = String(state.segment.value[1]);
            }}
          />
        </label>
        <span>
          {seconds} s · <b>{left}</b> undecided
        </span>
        <label>
          candidates over
          <input
            type="number"
            min={1}
            max={20}
            step={0.5}
            value={state.sigma.value}
            onChange={(event) => (state.sigma.value = Math.max(Number(event.currentTarget.value), 0))}
          />
          σ
        </label>
        <label>
          type
          <select value={own.cell_type} onChange={(event) => commands.setType(event.currentTarget.value)}>
            <option value="">unknown</option>
            {session.cell_types.map((type) => (
              <option value={type}>{type}</option>
            ))}
          </select>
        </label>
        <label>
          <input type="checkbox" checked={own.invalid} onChange={commands.toggleInvalid} /> invalid
        </label>
      </div>
      <div class="bar">
        <button type="button" onClick={() => commands.decide("transients")}>
          True (t)
        </button>
        <button type="button" onClick={() => commands.decide("rejected")}>
          False (f)
        </button>
        <button type="button" onClick={() => commands.decide("doubtful")}>
          Doubtful (d)
        </button>
        <button type="button" onClick={commands.add}>
          Add at cursor (n)
        </button>
        <button type="button" onClick={commands.remove}>
          Remove (x)
        </button>
        <button type="button" onClick={finish}>
          Finish segment (Enter)
        </button>
      </div>
    </section>
  );
}

interface Row {
  range: Range;
  what: string;
  glyph: string;
}

export function Marks() {
  const own = state.own.value;
  const of = (marks: Record<string, Range>, what: string, glyph: string): Row[] =>
    Object.values(marks).map((range) => ({ range, what, glyph }));
  const rows = [
    ...of(own.transients, "true", "■"),
    ...of(own.rejected, "false", "✕"),
    ...of(own.doubtful, "doubtful", "▨"),
    ...of(own.movement, "movement", "⁘"),
    ...of(own.looked, "looked at", "▢"),
    ...commands.undecided().map((range) => ({ range, what: "undecided", glyph: "▯" })),
  ].sort((a, b) => a.range[0] - b.range[0]);
  const rate = state.facts.value?.frame_rate_hz ?? 1;
  return (
    <section class="marks" aria-label="Marks and candidates">
      <h2>Marks and candidates</h2>
      <ul>
        {rows.map(({ range, what, glyph }) => (
          <li>
            <button type="button" aria-current={state.chosen.value?.join() === range.join()} onClick={() => commands.choose(range)}>
              <span aria-hidden="true" class={what.replace(" ", "-")}>
                {glyph}
              </span>{" "}
              {what} {range[0]}–{range[1]}
              <span class="more">{(range[0] / rate).toFixed(1)} s</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
