/** Phase 1: active places without a mask. */

import * as proposals from "../proposals";
import * as state from "../state";

export function Propose() {
  const { current, at } = proposals;
  return (
    <section class="judge" aria-label="Proposals">
      <h2>Missed neurons</h2>
      <p>Pixels that are active, and that no mask covers: dashed, the one at hand in a diamond.</p>
      <div class="bar">
        <label>
          d′ over
          <input
            type="number"
            min={1}
            max={50}
            step={0.1}
            value={proposals.least.value || state.facts.value?.least_dprime}
            onChange={(event) => (proposals.least.value = Number(event.currentTarget.value))}
          />
        </label>
        <button type="button" disabled={proposals.looking.value} onClick={() => void proposals.look()}>
          Look for them
        </button>
      </div>
      <p aria-live="polite">
        {current.value
          ? `${at.value + 1} of ${proposals.proposals.value.length}: d′ ${current.value.dprime.toFixed(1)}`
          : `${proposals.proposals.value.length} open`}
      </p>
      <div class="bar">
        <button type="button" onClick={proposals.next}>
          Next (n)
        </button>
        <button type="button" onClick={() => proposals.judge(true)}>
          Take (a)
        </button>
        <button type="button" onClick={() => proposals.judge(false)}>
          Reject (z)
        </button>
      </div>
    </section>
  );
}
