/** A referee's questions, and what can be answered. */

import { useEffect } from "preact/hooks";
import * as referee from "../referee";
import * as state from "../state";

const GLYPH: Record<referee.Answer, [string, string]> = {
  transients: ["■", "true"],
  rejected: ["✕", "false"],
  doubtful: ["▨", "doubtful"],
};

/** The questions, in their shuffled order. Nothing tells who marked what. */
export function Questions() {
  useEffect(() => {
    document.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
  }, [referee.asked.value]);
  const all = referee.questions.value;
  return (
    <nav aria-label="Questions">
      <h2>
        {all.length} questions, {referee.left.value} open
      </h2>
      <ul>
        {all.map((one, i) => {
          const answer = referee.answerTo(one);
          const [glyph, said] = answer ? GLYPH[answer] : ["☐", "open"];
          return (
            <li>
              <button type="button" aria-current={i === referee.asked.value} onClick={() => referee.ask(i)}>
                <span aria-hidden="true">{glyph}</span> {i + 1}: ROI {one.cell}
                <span class="more">{said}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

/** The question at hand. */
export function Decide() {
  const session = state.facts.value;
  const one = referee.question.value;
  if (!session || !one) return null;
  const [onset, peak] = (one.cell === state.cell.value && state.chosen.value) || one.range;
  return (
    <section class="segment" aria-label="Question">
      <div class="bar">
        <strong>ROI {one.cell}</strong>
        <span>
          Is it active from frame {onset} to {peak} ({(onset / session.frame_rate_hz).toFixed(1)} s)?
        </span>
      </div>
      <div class="bar">
        <button type="button" onClick={() => referee.answer("transients")}>
          True (t)
        </button>
        <button type="button" onClick={() => referee.answer("rejected")}>
          False (f)
        </button>
        <button type="button" onClick={() => referee.answer("doubtful")}>
          Doubtful (d)
        </button>
        <button type="button" onClick={referee.next}>
          Next open (e)
        </button>
      </div>
    </section>
  );
}
