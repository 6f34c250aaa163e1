/** Phase 2: the mask at hand, the criteria of the paper, and what is decided. */

import * as edit from "../edit";
import { areaOf } from "../runs";
import * as state from "../state";
import { GLYPHS } from "./List";

export function Judge() {
  const mask = state.current.value;
  const facts = state.facts.value;
  if (!facts) return null;
  const um = mask ? 2 * Math.sqrt(areaOf(mask.runs) / Math.PI) * facts.pixel_size_um : 0;
  const own = state.trace.value?.name === mask?.name ? state.trace.value?.trace : undefined;
  return (
    <section class="judge" aria-label="Judge the mask">
      <h2>{mask ? `Mask ${mask.id}: ${GLYPHS[mask.state]} ${mask.state || "undecided"}` : "No mask is selected"}</h2>
      <dl>
        <dt>diameter</dt>
        <dd>{mask ? `${um.toFixed(1)} µm${um < 10 || um > 20 ? " (not 10–20)" : ""}` : "–"}</dd>
        <dt>largest d′</dt>
        <dd>{own?.dprime?.toFixed(1) ?? "–"}</dd>
        <dt>found by</dt>
        <dd>{mask?.engine || "–"}</dd>
      </dl>
      <p>It is a neuron if one of the two holds:</p>
      <ol>
        <li>a bright ring with a dark centre, which changes brightness during the recording;</li>
        <li>round, 10–20 µm across, and changes brightness during the recording.</li>
      </ol>
      <div class="bar">
        <button type="button" onClick={() => edit.decide("keep")}>
          ■ Keep (k)
        </button>
        <button type="button" onClick={() => edit.decide("dismiss")}>
          ✕ Dismiss (f)
        </button>
        <button type="button" onClick={() => edit.decide("doubtful")}>
          ▲ Doubtful (d)
        </button>
        <button type="button" onClick={edit.nextUndecided}>
          Next undecided (i)
        </button>
      </div>
      <p class="hint">Soltanian-Zadeh et al. 2019, Methods. Criterion 1 is for indicators kept out of the nucleus.</p>
    </section>
  );
}
