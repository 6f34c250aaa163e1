/** The keys, in the order in which the help shows them. */

import { signal } from "@preact/signals";
import * as commands from "./commands";
import * as state from "./state";
import { playing } from "./playback";

interface Key {
  keys: string[];
  does: string;
  run: () => void;
}

export const KEYS: { group: string; keys: Key[] }[] = [
  {
    group: "Decide a candidate",
    keys: [
      { keys: ["t"], does: "true, and on to the next", run: () => commands.decide("transients") },
      { keys: ["f"], does: "false, and on", run: () => commands.decide("rejected") },
      { keys: ["d"], does: "doubtful, and on", run: () => commands.decide("doubtful") },
      { keys: ["e"], does: "next undecided", run: commands.chooseNext },
      { keys: ["w", "r"], does: "previous, next (decided or not)", run: () => undefined },
      { keys: ["Enter"], does: "finish the segment", run: commands.finish },
    ],
  },
  {
    group: "Correct a transient",
    keys: [
      { keys: ["a", "s"], does: "onset one frame earlier, later", run: () => undefined },
      { keys: ["k", "l"], does: "peak one frame earlier, later", run: () => undefined },
      { keys: ["n"], does: "add one at the cursor", run: commands.add },
      { keys: ["x"], does: "remove", run: commands.remove },
      { keys: ["c"], does: "split at the cursor", run: commands.split },
      { keys: ["g"], does: "join with the next", run: commands.merge },
      { keys: ["m"], does: "frames with movement", run: commands.movement },
    ],
  },
  {
    group: "The cell",
    keys: [
      { keys: ["1", "2", "3", "0"], does: "type: as listed; 0 unknown", run: () => undefined },
      { keys: ["i"], does: "invalid: not a cell that can be judged", run: commands.toggleInvalid },
      { keys: ["PageUp", "PageDown"], does: "previous, next cell", run: () => undefined },
      { keys: ["Home", "End"], does: "previous, next segment", run: () => undefined },
    ],
  },
  {
    group: "Look",
    keys: [
      { keys: ["ArrowLeft", "ArrowRight"], does: "one frame back, on (Shift: ten)", run: () => undefined },
      { keys: ["p"], does: "play, stop", run: () => (playing.value = !playing.value) },
      { keys: ["u", "U"], does: "undo, redo", run: () => undefined },
      { keys: ["?"], does: "show these keys", run: () => (state.helpShown.value = !state.helpShown.value) },
    ],
  },
];

const PAIRS: Record<string, () => void> = {
  w: () => commands.step(-1),
  r: () => commands.step(1),
  a: () => commands.shift(0, -1),
  s: () => commands.shift(0, 1),
  k: () => commands.shift(1, -1),
  l: () => commands.shift(1, 1),
  PageUp: () => commands.moveCell(-1),
  PageDown: () => commands.moveCell(1),
  Home: () => commands.moveSegment(-1),
  End: () => commands.moveSegment(1),
  u: commands.undo,
  U: commands.redo,
};

const SINGLE = Object.fromEntries(
  KEYS.flatMap((group) => group.keys)
    .filter((key) => key.keys.length === 1)
    .map((key) => [key.keys[0] as string, key.run]),
);

/** Whether a key belongs to what has the focus: text is typed there, and Enter presses a button. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  if (target instanceof HTMLInputElement && target.type !== "range" && target.type !== "checkbox") return true;
  if (target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return true;
  const slider = target instanceof HTMLInputElement && target.type === "range";
  if (slider && (event.key.startsWith("Arrow") || ["Home", "End", "PageUp", "PageDown"].includes(event.key)))
    return true;
  return (target instanceof HTMLButtonElement || target instanceof HTMLInputElement) && [" ", "Enter"].includes(event.key);
}

/** Single keys can be switched off, for those who speak to their computer. */
export const keysOn = signal(true);

export function onKey(event: KeyboardEvent): void {
  const field = event.target instanceof HTMLInputElement && event.target.type === "number";
  if (field && ["Enter", "Escape"].includes(event.key)) {
    (event.target as HTMLInputElement).blur(); // the keys are those of the page again
    return;
  }
  if (!keysOn.value || event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
  if (event.key === "Escape") state.helpShown.value = false;
  const types = state.facts.value?.cell_types ?? [];
  let run = SINGLE[event.key] ?? PAIRS[event.key];
  if (/^[0-9]$/.test(event.key) && Number(event.key) <= types.length)
    run = () => commands.setType(types[Number(event.key) - 1] ?? "");
  if (event.key === "ArrowLeft") run = () => commands.moveFrame(event.shiftKey ? -10 : -1);
  if (event.key === "ArrowRight") run = () => commands.moveFrame(event.shiftKey ? 10 : 1);
  if (!run) return;
  event.preventDefault();
  run();
}
