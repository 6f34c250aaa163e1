/** The keys. */

import { computed, signal } from "@preact/signals";
import * as commands from "./commands";
import { playing } from "./playback";
import * as queue from "./queue";
import * as referee from "./referee";
import * as state from "./state";
import * as training from "./training";

export interface Key {
  keys: string[];
  does: string;
  /** What each of the keys does. */
  run: (() => void)[];
}

export interface Group {
  group: string;
  keys: Key[];
}

const nothing = () => undefined; // done below, for any digit and with Shift
const LOOK: Key[] = [
  { keys: ["ArrowLeft", "ArrowRight"], does: "one frame back, on (Shift: ten)", run: [nothing, nothing] },
  { keys: ["p"], does: "play, stop", run: [() => (playing.value = !playing.value)] },
  { keys: ["u", "U"], does: "undo, redo", run: [commands.undo, commands.redo] },
  { keys: ["?"], does: "show these keys", run: [() => (state.helpShown.value = !state.helpShown.value)] },
];

const LABELLING: Group[] = [
  {
    group: "Decide a candidate",
    keys: [
      { keys: ["t"], does: "true, and on to the next", run: [() => commands.decide("transients")] },
      { keys: ["f"], does: "false, and on", run: [() => commands.decide("rejected")] },
      { keys: ["d"], does: "doubtful, and on", run: [() => commands.decide("doubtful")] },
      { keys: ["e"], does: "next undecided", run: [commands.chooseNext] },
      {
        keys: ["w", "r"],
        does: "previous, next (decided or not)",
        run: [() => commands.step(-1), () => commands.step(1)],
      },
      { keys: ["Enter"], does: "finish the segment", run: [queue.finish] },
      { keys: ["q"], does: "next segment of the queue", run: [queue.next] },
    ],
  },
  {
    group: "Correct a transient",
    keys: [
      {
        keys: ["a", "s"],
        does: "onset one frame earlier, later",
        run: [() => commands.shift(0, -1), () => commands.shift(0, 1)],
      },
      {
        keys: ["k", "l"],
        does: "peak one frame earlier, later",
        run: [() => commands.shift(1, -1), () => commands.shift(1, 1)],
      },
      { keys: ["n"], does: "add one at the cursor", run: [commands.add] },
      { keys: ["x"], does: "remove", run: [commands.remove] },
      { keys: ["c"], does: "split at the cursor", run: [commands.split] },
      { keys: ["g"], does: "join with the next", run: [commands.merge] },
      { keys: ["m"], does: "frames with movement", run: [commands.movement] },
    ],
  },
  {
    group: "The cell",
    keys: [
      { keys: ["1", "2", "3", "0"], does: "type: as listed; 0 unknown", run: [nothing, nothing, nothing, nothing] },
      { keys: ["i"], does: "invalid: not a cell that can be judged", run: [commands.toggleInvalid] },
      {
        keys: ["PageUp", "PageDown"],
        does: "previous, next cell",
        run: [() => commands.moveCell(-1), () => commands.moveCell(1)],
      },
      {
        keys: ["Home", "End"],
        does: "previous, next segment",
        run: [() => commands.moveSegment(-1), () => commands.moveSegment(1)],
      },
    ],
  },
  { group: "Look", keys: LOOK },
];

const REFEREEING: Group[] = [
  {
    group: "Decide",
    keys: [
      { keys: ["t"], does: "true, and on to the next", run: [() => referee.answer("transients")] },
      { keys: ["f"], does: "false, and on", run: [() => referee.answer("rejected")] },
      { keys: ["d"], does: "doubtful, and on", run: [() => referee.answer("doubtful")] },
      { keys: ["e"], does: "next undecided", run: [referee.next] },
      {
        keys: ["w", "r"],
        does: "previous, next (decided or not)",
        run: [() => referee.step(-1), () => referee.step(1)],
      },
    ],
  },
  {
    group: "Correct",
    keys: [
      {
        keys: ["a", "s"],
        does: "onset one frame earlier, later",
        run: [() => referee.shift(0, -1), () => referee.shift(0, 1)],
      },
      {
        keys: ["k", "l"],
        does: "peak one frame earlier, later",
        run: [() => referee.shift(1, -1), () => referee.shift(1, 1)],
      },
    ],
  },
  { group: "Look", keys: LOOK },
];

/** The keys of the pass, in the order in which the help shows them. */
export const groups = computed<Group[]>(() => (referee.isReferee.value ? REFEREEING : LABELLING));

const runs = computed<Record<string, () => void>>(() =>
  Object.fromEntries(
    groups.value.flatMap(({ keys }) => keys.flatMap((key) => key.keys.map((name, i) => [name, key.run[i] as () => void]))),
  ),
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

/** Run what `commandOf` finds for a key, unless the key belongs to what has the focus. */
export function pressed(event: KeyboardEvent, commandOf: (event: KeyboardEvent) => (() => void) | undefined): void {
  const field = event.target instanceof HTMLInputElement && event.target.type === "number";
  if (field && ["Enter", "Escape"].includes(event.key)) {
    (event.target as HTMLInputElement).blur(); // the keys are those of the page again
    return;
  }
  if (!keysOn.value || event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
  const run = commandOf(event);
  if (!run) return;
  event.preventDefault();
  run();
}

function commandOf(event: KeyboardEvent): (() => void) | undefined {
  if (training.shown.value) return undefined; // nothing under the dialog is changed
  if (event.key === "Escape") state.helpShown.value = false;
  const types = state.facts.value?.cell_types ?? [];
  if (event.key === "ArrowLeft") return () => commands.moveFrame(event.shiftKey ? -10 : -1);
  if (event.key === "ArrowRight") return () => commands.moveFrame(event.shiftKey ? 10 : 1);
  const run = runs.value[event.key];
  if (run && /^[0-9]$/.test(event.key) && Number(event.key) <= types.length)
    return () => commands.setType(types[Number(event.key) - 1] ?? "");
  return run;
}

export const onKey = (event: KeyboardEvent) => pressed(event, commandOf);
