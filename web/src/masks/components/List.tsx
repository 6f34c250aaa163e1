/** The masks, with what was decided on each: a sign beside the colour. */

import { useEffect } from "preact/hooks";
import * as state from "../state";

export const GLYPHS: Record<string, string> = { keep: "■", dismiss: "✕", doubtful: "▲", "": "○" };

export function List() {
  const masks = state.listed.value;
  const open = masks.filter((mask) => !mask.state).length;
  const chosen = new Set(state.selected.value);
  useEffect(() => {
    document.querySelector(".cells [aria-current=true]")?.scrollIntoView({ block: "nearest" });
  }, [state.current.value?.name]);
  return (
    <nav class="cells" aria-label="Masks">
      <h2>
        {masks.length} masks, {open} undecided
      </h2>
      <ul>
        {masks.map((mask) => (
          <li>
            <button
              type="button"
              aria-current={chosen.has(mask.name)}
              onClick={(event) => {
                const others = event.shiftKey ? state.selected.value.filter((name) => name !== mask.name) : [];
                state.selected.value = [...others, mask.name];
              }}
            >
              <span aria-hidden="true" class={`state ${mask.state || "undecided"}`}>
                {GLYPHS[mask.state]}
              </span>{" "}
              {mask.id}
              <span class="more">{mask.state || "undecided"}</span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}
