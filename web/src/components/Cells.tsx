/** The list of cells, and how far each of them is labelled. */

import { useEffect } from "preact/hooks";
import * as state from "../state";

const GLYPH: Record<string, string> = { pyramidal: "▲", interneuron: "●", noise: "✕" };

export function Cells() {
  const session = state.facts.value;
  useEffect(() => {
    document.querySelector(".cells [aria-current=true]")?.scrollIntoView({ block: "nearest" });
  }, [state.cell.value]);
  if (!session) return null;
  const done = session.cells.filter(({ id }) => Object.keys(state.labels.value.cells[id]?.looked ?? {}).length).length;
  return (
    <nav class="cells" aria-label="Cells">
      <h2>
        {session.cells.length} ROIs, {done} looked at
      </h2>
      <ul>
        {session.cells.map(({ id }) => {
          const own = state.labels.value.cells[id];
          const n = Object.keys(own?.transients ?? {}).length;
          const looked = Object.keys(own?.looked ?? {}).length > 0;
          return (
            <li>
              <button type="button" aria-current={id === state.cell.value} onClick={() => (state.cell.value = id)}>
                <span aria-hidden="true">{looked ? "☑" : "☐"}</span> ROI {id}
                <span class="more">
                  {own?.invalid ? "invalid " : ""}
                  {own?.cell_type ? <abbr title={own.cell_type}>{GLYPH[own.cell_type]}</abbr> : ""} {n || ""}
                </span>
                <span class="hidden">{looked ? ", looked at" : ""}{n ? `, ${n} transients` : ""}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
