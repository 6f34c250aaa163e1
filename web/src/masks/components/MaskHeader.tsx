/** Who draws on what, from which start, in which phase. */

import { useSignal } from "@preact/signals";
import { Keys, Saved } from "../../components/Header";
import { postTruth } from "../../api";
import { message } from "../../journal";
import { pending } from "../../outbox";
import * as edit from "../edit";
import * as state from "../state";

export function MaskHeader() {
  const written = useSignal("");
  const session = state.facts.value;
  if (!session) return null;
  const { start, closed } = state.drawn.value;
  const n = Object.keys(start?.masks ?? {}).length;
  const open = state.listed.value.filter((mask) => !mask.state).length;
  const write = () => {
    void postTruth()
      .then(({ folder }) => (written.value = `Masks are in ${folder}${open ? `; ${open} are undecided and count neither way` : ""}`))
      .catch((error: Error) => (written.value = error.message));
  };
  return (
    <header>
      <h1>{session.recording}</h1>
      <span>
        {session.is_referee ? "referee" : "masks by"} {session.by}
        {session.may_write ? "" : " (looking only)"} · {session.is_referee ? "disputed masks" : start?.start ? `from ${n} masks of ${start.start.split("/").slice(-2).join("/")}` : "from nothing"}
        {closed ? " · closed" : ""}
      </span>
      <Saved journal={session.journal} />
      <span class="spacer" />
      {!session.is_referee && (
        <span class="phases" role="group" aria-label="Phase">
          {([1, 2] as const).map((phase) => (
            <button type="button" aria-pressed={state.phase.value === phase} onClick={() => (state.phase.value = phase)}>
              {phase === 1 ? "1 Draw" : "2 Judge"}
            </button>
          ))}
        </span>
      )}
      <Keys undo={edit.undo} redo={edit.redo} />
      {!closed && (
        <button type="button" onClick={edit.close}>
          Close pass
        </button>
      )}
      <button type="button" disabled={pending.value.length > 0 || !session.may_write} onClick={write}>
        Write masks
      </button>
      <button type="button" onClick={() => (state.helpShown.value = true)}>
        Keys (?)
      </button>
      <p class="message" aria-live="polite">
        {written.value || message.value}
      </p>
    </header>
  );
}
