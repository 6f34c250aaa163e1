/** The queue: segments in the order in which they are offered, the same for everybody. */

import { computed, signal } from "@preact/signals";
import type { Stop } from "./api";
import * as commands from "./commands";
import * as state from "./state";

export const stops = computed<Stop[]>(() => state.facts.value?.queue ?? []);
/** Position of the stop that was gone to last; -1: none. */
export const place = signal(-1);

/** Whether all of a stop has been looked at, the second time if it comes again. */
export function isDone({ cell, range, again }: Stop): boolean {
  const looked = state.labels.value[again ? "again" : "cells"][cell]?.looked ?? {};
  return Object.values(looked).some(([first, last]) => first <= range[0] && last >= range[1]);
}

export const left = computed(() => stops.value.filter((stop) => !isDone(stop)).length);

export function go(to: number): void {
  const stop = stops.value[to];
  if (!stop) return;
  place.value = to;
  state.stop.value = stop;
  state.cell.value = stop.cell;
  state.segment.value = [...stop.range];
  state.frame.value = stop.range[0];
  commands.choose(null);
}

/** Go to the next stop that isn't done, from the first on if there is none after this one. */
export function next(): void {
  const open = stops.value.flatMap((stop, i) => (isDone(stop) ? [] : [i]));
  const to = open.find((i) => i > place.value) ?? open[0];
  if (to === undefined) commands.say(stops.value.length ? "The queue is done. Train … trains a model on it." : "There is no queue: neurocine queue makes one.");
  else {
    go(to);
    const again = stops.value[to]?.again ? " This one comes a second time: label it as if it were new." : "";
    commands.say(`${open.length} of ${stops.value.length} segments of the queue are left.${again}`);
  }
}

/** Finish the segment; if it is the queue's, go on to the next. */
export function finish(): void {
  const stop = state.stop.value;
  const ours = stop?.cell === state.cell.value && stop.range.join() === state.segment.value.join();
  if (commands.finish() && ours) next();
}
