/** The keys of the page of masks. */

import { computed } from "@preact/signals";
import type { Group, Key } from "../keys";
import * as draft from "./draft";
import * as edit from "./edit";
import { moveBin } from "./movie";
import * as proposals from "./proposals";
import * as spikes from "./spikes";
import * as state from "./state";
import { fit, moveCursor, zoom } from "./view";

const move = (dx: number, dy: number) => moveCursor(dx, dy, state.facts.peek()?.fov ?? [1, 1]);
const to = (tool: state.ToolName) => () => {
  draft.cancel();
  state.tool.value = tool;
};
const wider = (by: number) => () => (state.radius.value = Math.min(Math.max(state.radius.peek() + by, 1), 20));

const nextPicture = () => {
  const names = state.facts.peek()?.pictures ?? [];
  state.picture.value = names[(names.indexOf(state.picture.peek()) + 1) % names.length] ?? "mean";
};

const LOOK: Key[] = [
  { keys: [",", "."], does: "movie: back, on", run: [() => moveBin(-1), () => moveBin(1)] },
  { keys: ["p"], does: "play, stop", run: [() => (state.playing.value = !state.playing.peek())] },
  { keys: ["w", "r"], does: "previous, next spike of the mask", run: [() => spikes.step(-1), () => spikes.step(1)] },
  { keys: ["s"], does: "next summary picture", run: [nextPicture] },
  { keys: ["y"], does: "outlines on, off", run: [() => (state.outlinesShown.value = !state.outlinesShown.peek())] },
  { keys: ["+", "-"], does: "larger, smaller", run: [() => zoom(1.5), () => zoom(1 / 1.5)] },
  { keys: ["0"], does: "whole field", run: [() => fit(state.facts.peek()?.fov ?? [1, 1])] },
  { keys: ["u", "U"], does: "undo, redo", run: [edit.undo, edit.redo] },
  { keys: ["?"], does: "show these keys", run: [() => (state.helpShown.value = !state.helpShown.peek())] },
];

const DECIDE: Key[] = [
  { keys: ["k"], does: "keep: a neuron", run: [() => edit.decide("keep")] },
  { keys: ["f"], does: "dismiss: none (false)", run: [() => edit.decide("dismiss")] },
  { keys: ["d"], does: "doubtful", run: [() => edit.decide("doubtful")] },
  { keys: ["t"], does: "undecided again", run: [() => edit.decide("")] },
  { keys: ["i"], does: "next undecided", run: [edit.nextUndecided] },
  { keys: ["PageUp", "PageDown"], does: "previous, next mask", run: [() => edit.step(-1), () => edit.step(1)] },
  { keys: ["1", "2"], does: "phase 1: draw; 2: judge", run: [() => (state.phase.value = 1), () => (state.phase.value = 2)] },
];

const DRAW: Key[] = [
  { keys: ["v"], does: "select (drag moves the picture)", run: [to("select")] },
  { keys: ["o"], does: "outline: click corners, or drag around", run: [to("outline")] },
  { keys: ["b", "e"], does: "brush, eraser", run: [to("brush"), to("eraser")] },
  { keys: ["[", "]"], does: "smaller, larger brush", run: [wider(-1), wider(1)] },
  { keys: ["c"], does: "cut along a line", run: [to("cut")] },
  { keys: ["l"], does: "lasso: select all inside", run: [to("lasso")] },
  { keys: ["g"], does: "merge the selected", run: [edit.merge] },
  { keys: ["x", "Delete"], does: "delete the selected", run: [() => edit.remove(), () => edit.remove()] },
  { keys: ["h"], does: "hold the mask selected", run: [edit.hold] },
];

const BY_KEYS: Key[] = [
  {
    keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"],
    does: "move the cursor (Shift: ten pixels)",
    run: [() => move(-1, 0), () => move(1, 0), () => move(0, -1), () => move(0, 1)],
  },
  { keys: [" "], does: "as a click: corner, paint, select (Shift: more)", run: [() => draft.atCursor(false)] },
  { keys: ["Enter"], does: "close the outline or the lasso", run: [() => draft.finish()] },
  { keys: ["Backspace"], does: "take the last corner back", run: [draft.back] },
  { keys: ["Escape"], does: "leave off drawing, let go", run: [() => (draft.cancel(), edit.release())] },
];

const PROPOSALS: Key[] = [
  { keys: ["n"], does: "next active place without a mask", run: [proposals.next] },
  { keys: ["a"], does: "take it", run: [() => proposals.judge(true)] },
  { keys: ["z"], does: "reject it", run: [() => proposals.judge(false)] },
];

export const groups = computed<Group[]>(() => [
  { group: "Judge", keys: DECIDE },
  ...(state.facts.value?.is_referee
    ? []
    : [
        { group: "Draw", keys: DRAW },
        { group: "Draw by keys alone", keys: BY_KEYS },
        { group: "Propose", keys: PROPOSALS },
      ]),
  { group: "Look", keys: LOOK },
]);

const runs = computed(() =>
  Object.fromEntries(groups.value.flatMap(({ keys }) => keys.flatMap((key) => key.keys.map((name, i) => [name, key.run[i]])))),
);

export function commandOf(event: KeyboardEvent): (() => void) | undefined {
  if (event.shiftKey && event.key.startsWith("Arrow")) {
    const run = runs.value[event.key];
    return run && (() => Array.from({ length: 10 }).forEach(run));
  }
  if (event.shiftKey && event.key === " ") return () => draft.atCursor(true);
  return runs.value[event.key];
}
