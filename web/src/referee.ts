/** A referee's pass: questions about transients that others disagree on, answered by one key each. */

import { computed, effect, signal } from "@preact/signals";
import type { Question } from "./api";
import * as commands from "./commands";
import type { CellLabels, Changes, MarkKind, Range } from "./labels";
import * as state from "./state";

const ANSWERS = ["transients", "rejected", "doubtful"] as const;
export type Answer = (typeof ANSWERS)[number];

/** Frames that are shown before and after a question. */
const AROUND = 150;

export const questions = computed<Question[]>(() => state.facts.value?.questions ?? []);
export const isReferee = computed(() => questions.value.length > 0);
/** Position of the question at hand. */
export const asked = signal(0);
export const question = computed<Question | null>(() => questions.value[asked.value] ?? null);

/** Marks are named by the question that they answer: the server finds them by it (consensus/verdicts.py). */
const nameOf = ({ range }: Question) => `f${range[0]}-${range[1]}`;

function marksOf(one: Question): CellLabels | undefined {
  return state.labels.value.cells[one.cell];
}

export function answerTo(one: Question): Answer | null {
  return ANSWERS.find((kind) => marksOf(one)?.[kind][nameOf(one)]) ?? null;
}

export const left = computed(() => questions.value.filter((one) => !answerTo(one)).length);

/** Go to a question: its cell, the frames around it, and the range as it was answered or is asked. */
export function ask(place: number): void {
  const one = questions.value[place];
  const n = state.facts.value?.n_frames ?? 1;
  if (!one) return;
  asked.value = place;
  state.cell.value = one.cell;
  state.segment.value = [Math.max(one.range[0] - AROUND, 0), Math.min(one.range[1] + AROUND, n - 1)];
  const kind = answerTo(one);
  commands.choose(kind ? (marksOf(one)?.[kind][nameOf(one)] as Range) : one.range);
}

export function step(direction: 1 | -1): void {
  ask(Math.min(Math.max(asked.value + direction, 0), questions.value.length - 1));
}

/** Go to the next question without an answer, from the first on if there is none after this one. */
export function next(): void {
  const open = questions.value.flatMap((one, i) => (answerTo(one) ? [] : [i]));
  const place = open.find((i) => i > asked.value) ?? open[0];
  if (place === undefined) commands.say("All is decided: Write truth writes what is agreed on and decided.");
  else {
    ask(place);
    commands.say(`${open.length} of ${questions.value.length} are left.`);
  }
}

/** The question, if its cell is shown and can be judged. */
function atHand(): Question | null {
  const one = question.value;
  if (one && one.cell !== state.cell.value) {
    ask(asked.value);
    commands.say("This is the cell in question.");
    return null;
  }
  return commands.ready() ? one : null;
}

function answered(one: Question, kind: Answer, range: Range): void {
  const name = nameOf(one);
  const changes: Partial<Record<MarkKind, Changes>> = {};
  for (const other of ANSWERS) if (marksOf(one)?.[other][name]) changes[other] = { [name]: null };
  commands.edit({ ...changes, [kind]: { [name]: range } });
}

export function answer(kind: Answer): void {
  const one = atHand();
  if (!one) return;
  answered(one, kind, state.chosen.value ?? one.range);
  next();
}

/** Move the onset or the peak of the transient in question; an answer moves with it. */
export function shift(end: 0 | 1, by: number): void {
  const one = atHand();
  if (!one) return;
  const moved = commands.moved(state.chosen.value ?? one.range, end, by);
  if (!moved) return;
  if (answerTo(one) === "transients") answered(one, "transients", moved);
  commands.choose(moved);
  state.frame.value = moved[end];
}

/** Begin with the first question that is open. */
export function begin(): void {
  asked.value = -1;
  next();
  effect(() => {
    // After a look at another cell, the question is chosen again when its cell is.
    if (question.value?.cell === state.cell.value && state.chosen.peek() === null) ask(asked.peek());
  });
}
