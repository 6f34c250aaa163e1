/** Who annotates what, whether all is saved, and what concerns the pass as a whole. */

import { useSignal } from "@preact/signals";
import { postTruth } from "../api";
import * as commands from "../commands";
import { keysOn } from "../keys";
import { pending, problem, savedText } from "../outbox";
import * as state from "../state";
import * as training from "../training";

export function Header() {
  const written = useSignal("");
  const session = state.facts.value;
  if (!session) return null;
  const { revealed, closed } = state.labels.value;
  const write = () => {
    void postTruth()
      .then(({ folder }) => (written.value = `Truth is in ${folder}`))
      .catch((error: Error) => (written.value = error.message));
  };
  return (
    <header>
      <h1>{session.recording}</h1>
      <span>
        {session.questions ? "referee" : "by"} {session.by}
        {session.may_write ? "" : " (looking only)"} · {revealed ? "predictions shown" : "blind"}
        {closed ? " · closed" : ""}
      </span>
      <Saved journal={session.journal} />
      <span class="spacer" />
      <Keys undo={commands.undo} redo={commands.redo} />
      {!revealed && (
        <button type="button" onClick={commands.reveal}>
          Show predictions
        </button>
      )}
      {!closed && (
        <button type="button" onClick={commands.close}>
          Close pass
        </button>
      )}
      <button type="button" disabled={pending.value.length > 0 || !session.may_write} onClick={write}>
        Write truth
      </button>
      <button type="button" onClick={() => (training.shown.value = true)}>
        Train …
      </button>
      <button type="button" onClick={() => (state.helpShown.value = true)}>
        Keys (?)
      </button>
      <p class="message" aria-live="polite">
        {written.value || state.message.value}
      </p>
    </header>
  );
}

/** Whether all is on the server's disk. */
export function Saved({ journal }: { journal: string }) {
  return (
    <>
      <span class={pending.value.length ? "saved no" : "saved"} role="status" title={journal}>
        {savedText.value}
      </span>
      {pending.value.length > 0 && problem.value && <span class="hint">They stay in this browser and are sent again.</span>}
    </>
  );
}

export function Keys({ undo, redo }: { undo: () => void; redo: () => void }) {
  return (
    <>
      <label>
        <input type="checkbox" checked={keysOn.value} onChange={(event) => (keysOn.value = event.currentTarget.checked)} />
        keys
      </label>
      <button type="button" onClick={undo}>
        Undo
      </button>
      <button type="button" onClick={redo}>
        Redo
      </button>
    </>
  );
}
