/** What is done to masks. Each command is one action, so that one undo takes it back. */

import * as journal from "../journal";
import type { MaskEdit, MaskState, Runs } from "../labels";
import { newId } from "../outbox";
import type { Mask } from "./fold";
import { areaOf, cut, type Point, union } from "./runs";
import * as state from "./state";

export const say = journal.say;

/** Write an action; returns whether it was. */
function edit(changes: Omit<MaskEdit, "kind" | "id">): boolean {
  if (!state.mayEdit.peek()) {
    say(state.drawn.peek().closed ? "The pass is closed: undo to open it again." : "This page is for looking only.");
    return false;
  }
  journal.act({ kind: "masks", ...journal.stamp(), ...changes });
  return true;
}

const chosen = (): Mask[] => state.selected.peek().flatMap((name) => state.masks.peek().get(name) ?? []);
const idOf = (name: string) => state.masks.peek().get(name)?.id ?? "";
const many = (masks: Mask[]) => (masks.length === 1 ? `Mask ${masks[0]?.id}` : `${masks.length} masks`);

export function add(tool: MaskEdit["tool"], runs: Runs, decided?: MaskState): void {
  if (!runs.length) {
    say("There are no pixels inside.");
    return;
  }
  const name = newId();
  if (!edit({ tool, added: { [name]: runs }, ...(decided ? { decided: { [name]: decided } } : {}) })) return;
  state.selected.value = [name];
  say(`Mask ${idOf(name)}: ${areaOf(runs)} pixels.`);
}

export function reshape(tool: "brush" | "eraser", mask: Mask, runs: Runs): void {
  if (!runs.length) remove([mask]);
  else if (edit({ tool, changed: { [mask.name]: runs } })) say(`Mask ${mask.id}: ${areaOf(runs)} pixels.`);
}

export function remove(masks: Mask[] = chosen()): void {
  if (!masks.length) {
    say("Select a mask first.");
    return;
  }
  if (!edit({ tool: "delete", removed: masks.map(({ name }) => name) })) return;
  say(`${many(masks)} deleted: u brings ${masks.length === 1 ? "it" : "them"} back.`);
  state.selected.value = [];
}

export function merge(): void {
  const masks = chosen();
  if (masks.length < 2) {
    say("Select two masks or more: with Shift and a click, the lasso, or h.");
    return;
  }
  const name = newId();
  const runs = union(masks.map((mask) => mask.runs), state.size.peek().width);
  if (!edit({ tool: "merge", added: { [name]: runs }, removed: masks.map((mask) => mask.name) })) return;
  state.selected.value = [name];
  say(`Masks ${masks.map(({ id }) => id).join(", ")} are now mask ${idOf(name)}.`);
}

/** Cut the masks that a line crosses, of the selected ones if there are any. */
export function split(line: [Point, Point]): void {
  const among = chosen().length ? chosen() : state.listed.peek();
  const crossed = among.filter(({ runs }) => runs.some(([y, first, last]) => crosses(line, y, first, last + 1)));
  const parts = crossed.map(({ runs }) => cut(runs, line, state.size.peek().width));
  const whole = crossed.flatMap((mask, i) => ((parts[i] ?? []).every((part) => part.length) ? [{ mask, parts: parts[i] ?? [] }] : []));
  if (!whole.length) {
    say("The line crosses no mask.");
    return;
  }
  const added = Object.fromEntries(whole.flatMap(({ parts }) => parts.map((part) => [newId(), part])));
  if (!edit({ tool: "split", added, removed: whole.map(({ mask }) => mask.name) })) return;
  state.selected.value = Object.keys(added);
  say(`${many(whole.map(({ mask }) => mask))} cut: ${Object.keys(added).map(idOf).join(", ")}.`);
}

/** Whether a line passes a run of pixels. */
function crosses([[ax, ay], [bx, by]]: [Point, Point], row: number, left: number, right: number): boolean {
  const [from, to] = [Math.max(Math.min(ay, by), row), Math.min(Math.max(ay, by), row + 1)];
  if (from > to) return false;
  const at = (y: number) => (ay === by ? [ax, bx] : [ax + ((bx - ax) * (y - ay)) / (by - ay)]);
  const xs = [...at(from), ...at(to)];
  return Math.min(...xs) <= right && Math.max(...xs) >= left;
}

export function decide(decision: MaskState): void {
  const masks = chosen();
  if (!masks.length) {
    say("Select a mask first.");
    return;
  }
  if (!edit({ tool: "decide", decided: Object.fromEntries(masks.map(({ name }) => [name, decision])) })) return;
  say(`${many(masks)}: ${decision || "undecided"}.`);
  if (state.phase.peek() === 2 && masks.length === 1) nextUndecided();
}

export function nextUndecided(): void {
  const open = state.listed.peek().filter((mask) => !mask.state);
  const at = state.current.peek()?.id ?? -1;
  const next = open.find(({ id }) => id > at) ?? open[0];
  if (next) {
    state.selected.value = [next.name];
    say(`${open.length} of ${state.listed.peek().length} masks are undecided.`);
  } else say("All is decided: Write masks writes what was kept.");
}

export function step(direction: 1 | -1): void {
  const all = state.listed.peek();
  const place = all.findIndex(({ name }) => name === state.current.peek()?.name);
  const next = all[place < 0 ? 0 : Math.min(Math.max(place + direction, 0), all.length - 1)];
  if (next) state.selected.value = [...held.slice(), next.name].filter((name, i, names) => names.indexOf(name) === i);
}

/** Masks that stay selected while others are gone to, so that several can be selected by keys. */
let held: string[] = [];

export function hold(): void {
  const name = state.current.peek()?.name;
  if (!name) return;
  held = held.includes(name) ? held.filter((one) => one !== name) : [...held, name];
  say(held.length ? `${held.length} held: go to others, then merge or delete them all. Escape lets go.` : "None is held.");
}

export function release(): void {
  held = [];
  state.selected.value = state.selected.peek().slice(-1);
}

export const undo = () => journal.undo(Boolean(state.facts.peek()?.may_write));
export const redo = () => journal.redo(Boolean(state.facts.peek()?.may_write));
export function close(): void {
  if (state.mayEdit.peek()) journal.close();
}
