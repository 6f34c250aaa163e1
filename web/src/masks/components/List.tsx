/** The masks, with what was decided on each: a sign beside the colour. */

import { Component } from "preact";
import { useEffect } from "preact/hooks";
import type { Mask } from "../fold";
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
          <Item key={mask.name} mask={mask} chosen={chosen.has(mask.name)} />
        ))}
      </ul>
    </nav>
  );
}

function select(name: string, more: boolean): void {
  const others = more ? state.selected.peek().filter((one) => one !== name) : [];
  state.selected.value = [...others, name];
}

/** Drawn again only if it has changed: there may be thousands. */
class Item extends Component<{ mask: Mask; chosen: boolean }> {
  override shouldComponentUpdate(next: { mask: Mask; chosen: boolean }): boolean {
    const { mask, chosen } = this.props;
    return next.mask.state !== mask.state || next.mask.id !== mask.id || next.chosen !== chosen;
  }

  override render({ mask, chosen }: { mask: Mask; chosen: boolean }) {
    return (
      <li>
        <button type="button" aria-current={chosen} onClick={(event) => select(mask.name, event.shiftKey)}>
          <span aria-hidden="true" class={`state ${mask.state || "undecided"}`}>
            {GLYPHS[mask.state]}
          </span>{" "}
          {mask.id}
          <span class="more">{mask.state || "undecided"}</span>
        </button>
      </li>
    );
  }
}
