/** Training on the labels: the command, a button that starts it, and how the new model compares. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Figures, LastTraining } from "../api";
import { pending } from "../outbox";
import * as state from "../state";
import * as training from "../training";

/** Figures, what they are called, and their decimals. */
const ROWS: [keyof Figures, string, number][] = [
  ["f1", "F1", 2],
  ["precision", "precision", 2],
  ["sensitivity", "sensitivity", 2],
  ["true_positive", "transients found", 0],
  ["false_negative", "transients missed", 0],
  ["false_positive", "false transients", 0],
  ["accuracy", "accuracy", 2],
];

export function Train() {
  const dialog = useRef<HTMLDialogElement>(null);
  const withCorpus = useSignal(false);
  useEffect(() => {
    if (training.shown.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [training.shown.value]);
  const known = training.training.value;
  const last = known?.last ?? null;
  const idle = pending.value.length === 0 && last?.state !== "running";
  return (
    <dialog ref={dialog} aria-labelledby="train-title" onClose={() => (training.shown.value = false)}>
      <h2 id="train-title">Train on these labels</h2>
      {known && (
        <>
          <p>
            {known.model} is trained on with the finished segments of most cells. The others, a fifth but at least one, are
            left out: on these the old and the new model are compared.
          </p>
          <label>
            <input
              type="checkbox"
              checked={withCorpus.value}
              disabled={known.with_corpus === null}
              onChange={(event) => (withCorpus.value = event.currentTarget.checked)}
            />{" "}
            together with simulated movies, so that it forgets less
            {known.with_corpus === null && ` (there are none in ${known.corpus})`}
          </label>
          <p>
            <code>{withCorpus.value ? known.with_corpus : known.alone}</code>
          </p>
          <p>
            To run it elsewhere, write the truth first. Started here, it goes on when this page and its server are closed.
          </p>
          <Last last={last} />
        </>
      )}
      <p role="alert">{training.problem.value}</p>
      <button
        type="button"
        disabled={!idle || !state.facts.value?.may_write || !known}
        onClick={() => training.start(withCorpus.value)}
      >
        Start here
      </button>{" "}
      <button type="button" onClick={() => (training.shown.value = false)}>
        Close
      </button>
    </dialog>
  );
}

function Last({ last }: { last: LastTraining | null }) {
  if (last === null) return null;
  const said = {
    running: `Running: epoch ${last.epoch} of ${last.epochs} is done.`,
    done: "Done.",
    failed: "It has ended without a model:",
    elsewhere: "Started on another computer, and not done.",
  }[last.state];
  return (
    <section aria-label="The last training">
      <p aria-live="polite">
        {said} <small>{last.folder}</small>
      </p>
      {last.log && <pre>{last.log}</pre>}
      {last.metrics && <Compared metrics={last.metrics} />}
    </section>
  );
}

function Compared({ metrics }: { metrics: NonNullable<LastTraining["metrics"]> }) {
  const rows = ROWS.filter(([name]) => metrics.after[name] !== undefined);
  return (
    <table>
      <caption>On {metrics.cells.test.map((name) => name.replace(/^.*: /, "")).join(", ")}, left out of training</caption>
      <thead>
        <tr>
          <th />
          <th>{metrics.model}</th>
          <th>new{metrics.corpus.length ? ", with simulated movies" : ""}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, what, decimals]) => (
          <tr>
            <th>{what}</th>
            <td>{metrics.before[name]?.toFixed(decimals)}</td>
            <td>{metrics.after[name]?.toFixed(decimals)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
