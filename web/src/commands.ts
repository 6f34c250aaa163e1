/** What keys and buttons do. Each command is one action, so that one undo takes it back. */

import * as journal from "./journal";
import { newId } from "./outbox";
import { type Changes, type Edit, type MarkKind, type Marks, type Range } from "./labels";
import * as state from "./state";

/** Whether the cell that is shown can be judged: what is shown of it has come. */
export function ready(): boolean {
  if (!state.isReady.value) say(`ROI ${state.cell.value} is still loading.`);
  return state.isReady.value;
}

export function edit(changes: Omit<Edit, "kind" | "id" | "cell">): void {
  if (!state.mayEdit.value) {
    say(state.labels.value.closed ? "The pass is closed: undo to open it again." : "This page is for looking only.");
    return;
  }
  state.act({
    kind: "edit",
    ...journal.stamp(),
    cell: state.cell.value,
    ...(state.again.value ? { again: true } : {}),
    ...changes,
  });
}

export const say = journal.say;

const key = ([first, last]: Range) => `f${first}-${last}`;
const meet = (a: Range, b: Range) => a[0] <= b[1] && b[0] <= a[1];

/** Marks of one kind that share a frame with a range, with their keys. */
function meeting(marks: Marks, range: Range): [string, Range][] {
  return Object.entries(marks).filter(([, mark]) => meet(mark, range));
}

/** What is walked through: candidates that share a frame with the segment, and predictions if shown. */
export function toDecide(): Range[] {
  const shown = [...state.candidates.value, ...state.predicted.value].filter((range) =>
    meet(range, state.segment.value),
  );
  const sorted = shown.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return sorted.filter((range, i) => i === 0 || key(range) !== key(sorted[i - 1] as Range));
}

export function isDecided(range: Range): boolean {
  const own = state.own.value;
  return (["transients", "rejected", "doubtful"] as const).some((kind) => meeting(own[kind], range).length > 0);
}

export function undecided(): Range[] {
  return toDecide().filter((range) => !isDecided(range));
}

export function choose(range: Range | null): void {
  state.chosen.value = range;
  if (range) state.frame.value = range[0];
}

/** Go to the next undecided candidate, from the start of the segment if there is none after this one. */
export function chooseNext(): void {
  if (!ready()) return;
  const left = undecided();
  const at = state.chosen.value?.[0] ?? state.segment.value[0] - 1;
  const next = left.find((range) => range[0] > at) ?? left[0] ?? null;
  choose(next);
  say(next ? `${left.length} left in this segment` : "All is decided: Enter finishes the segment.");
}

/** Go to the next or previous candidate or mark, decided or not. */
export function step(direction: 1 | -1): void {
  const own = state.own.value;
  const marked = [...Object.values(own.transients), ...Object.values(own.doubtful)];
  const all = [...toDecide(), ...marked].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const at = state.chosen.value;
  const after = all.filter((range) => !at || (direction > 0 ? range[0] > at[0] : range[0] < at[0]));
  choose((direction > 0 ? after[0] : after.at(-1)) ?? at);
}

export function decide(kind: "transients" | "rejected" | "doubtful"): void {
  if (!ready()) return;
  const range = state.chosen.value ?? undecided()[0];
  if (!range) {
    say("There is no candidate to decide: choose one, or add one with n.");
    return;
  }
  const own = state.own.value;
  const changes: Partial<Record<MarkKind, Changes>> = {};
  for (const other of ["transients", "rejected", "doubtful"] as const) {
    const gone = meeting(own[other], range).map(([name]) => [name, null] as const);
    if (gone.length) changes[other] = Object.fromEntries(gone);
  }
  changes[kind] = { ...changes[kind], [key(range)]: range };
  edit(changes);
  chooseNext();
}

/** The range with its onset or its peak moved; null if the onset would be after the peak. */
export function moved(range: Range, end: 0 | 1, by: number): Range | null {
  const after: Range = [...range];
  after[end] = Math.min(Math.max(after[end] + by, 0), (state.facts.value?.n_frames ?? 1) - 1);
  if (after[0] <= after[1]) return after;
  say("The onset can't be after the peak.");
  return null;
}

/** Move the onset or the peak of the chosen transient, or of a candidate that is to be decided. */
export function shift(end: 0 | 1, by: number): void {
  const range = state.chosen.value;
  const after = range && moved(range, end, by);
  if (!range || !after) return;
  const held = meeting(state.own.value.transients, range)[0];
  if (held) edit({ transients: { [held[0]]: null, [key(after)]: after } });
  state.chosen.value = after;
  state.frame.value = after[end];
}

/** Add a transient at the cursor: from this frame to the next peak of the smoothed trace. */
export function add(): void {
  const smooth = state.traces.value.smooth;
  if (!ready() || !smooth) return;
  const onset = state.frame.value;
  let peak = onset;
  while (peak + 1 < smooth.length && (smooth[peak + 1] as number) >= (smooth[peak] as number)) peak += 1;
  const range: Range = [onset, peak];
  edit({ transients: { [key(range)]: range } });
  choose(range);
}

export function remove(): void {
  const range = state.chosen.value;
  if (!range) return;
  const own = state.own.value;
  const changes: Partial<Record<MarkKind, Changes>> = {};
  for (const kind of ["transients", "rejected", "doubtful", "movement"] as const) {
    const gone = meeting(own[kind], range);
    if (gone.length) changes[kind] = Object.fromEntries(gone.map(([name]) => [name, null]));
  }
  if (Object.keys(changes).length) edit(changes);
}

/** Split the transient at the cursor, which becomes the onset of the second; a frame between keeps them apart. */
export function split(): void {
  const at = state.frame.value;
  const held = meeting(state.own.value.transients, [at, at])[0];
  if (!held || at - 2 < held[1][0]) {
    say("Put the cursor inside a transient, two frames or more after its onset.");
    return;
  }
  const [first, last] = held[1];
  const parts: Range[] = [
    [first, at - 2],
    [at, last],
  ];
  edit({ transients: { [held[0]]: null, ...Object.fromEntries(parts.map((part) => [key(part), part])) } });
  choose(parts[1] as Range);
}

/** Join the chosen transient with the next one. */
export function merge(): void {
  const range = state.chosen.value;
  if (!range) return;
  const held = meeting(state.own.value.transients, range)[0];
  const after = Object.entries(state.own.value.transients)
    .filter(([, mark]) => held && mark[0] > held[1][0])
    .sort((a, b) => a[1][0] - b[1][0])[0];
  if (!held || !after) {
    say("There is no true transient after this one.");
    return;
  }
  const whole: Range = [held[1][0], after[1][1]];
  edit({ transients: { [held[0]]: null, [after[0]]: null, [key(whole)]: whole } });
  choose(whole);
}

/** Mark the chosen frames as moved, or unmark them. */
export function movement(): void {
  const range = state.chosen.value ?? [state.frame.value, state.frame.value];
  const held = meeting(state.own.value.movement, range as Range);
  if (held.length) edit({ movement: Object.fromEntries(held.map(([name]) => [name, null])) });
  else edit({ movement: { [key(range as Range)]: range as Range } });
}

export function setType(type: string): void {
  edit({ cell_type: type });
  say(type ? `Cell type: ${type}` : "Cell type: unknown");
}

export function toggleInvalid(): void {
  edit({ invalid: !state.own.value.invalid });
}

/** Finish the segment: all of it counts as looked at. Returns whether it did. */
export function finish(): boolean {
  if (!ready()) return false;
  const left = undecided();
  if (left.length) {
    choose(left[0] as Range);
    say(`${left.length} candidate${left.length > 1 ? "s are" : " is"} undecided in this segment.`);
    return false;
  }
  edit({ looked: { [key(state.segment.value)]: state.segment.value } });
  if (!state.mayEdit.value) return false;
  say(`Frames ${state.segment.value[0]} to ${state.segment.value[1]} are looked at.`);
  return true;
}

export function moveSegment(direction: 1 | -1): void {
  const n = state.facts.value?.n_frames ?? 1;
  const [first, last] = state.segment.value;
  const length = last - first + 1;
  const start = Math.min(Math.max(first + direction * length, 0), Math.max(n - length, 0));
  state.segment.value = [start, Math.min(start + length, n) - 1];
  state.frame.value = start;
  choose(null);
}

export function setSegment(first: number, last: number): void {
  const n = state.facts.value?.n_frames ?? 1;
  if (!(Number.isInteger(first) && Number.isInteger(last) && first >= 0 && first <= last && last < n)) {
    say(`A segment is of whole frames, 0 to ${n - 1}.`);
    state.segment.value = [...state.segment.value]; // shown again as it is
    return;
  }
  state.segment.value = [first, last];
  choose(null);
}

export function moveCell(direction: 1 | -1): void {
  const next = state.neighbour(direction);
  if (next !== null) state.cell.value = next;
}

export function moveFrame(by: number): void {
  const n = state.facts.value?.n_frames ?? 1;
  state.frame.value = Math.min(Math.max(state.frame.value + by, 0), n - 1);
}

const mayWrite = () => Boolean(state.facts.value?.may_write);
export const undo = () => journal.undo(mayWrite());
export const redo = () => journal.redo(mayWrite());

export function reveal(): void {
  if (!state.facts.value?.may_write || state.labels.value.revealed) return;
  if (confirm("Show predictions? This pass is then no longer blind, and the journal says so.")) {
    state.act({ kind: "reveal", id: newId() });
  }
}

export function close(): void {
  if (state.mayEdit.value) journal.close();
}
