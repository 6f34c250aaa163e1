/** How the movie of a cell is played, and a loop that turns frames over. */

import { computed, signal } from "@preact/signals";
import type { Range } from "./labels";
import * as state from "./state";

export const playing = signal(false);
export const speed = signal(1);
export const looping = signal(false);
export const meanOf = signal(1);
export const gamma = signal(1);
export const black = signal(0);
export const white = signal(255);
export const outlinesShown = signal(true);

/** Frames that are played: around the chosen transient if it loops, else the segment. */
export const played = computed<Range>(() => {
  const range = state.chosen.value;
  const n = state.facts.value?.n_frames ?? 1;
  if (!looping.value || !range) return state.segment.value;
  const around = Math.max(10, range[1] - range[0] + 1);
  return [Math.max(range[0] - around, 0), Math.min(range[1] + 2 * around, n - 1)];
});

/** A grey value for each of the 256 of the patch. */
export const lut = computed(() => {
  const table = new Uint8ClampedArray(256);
  const span = Math.max(white.value - black.value, 1);
  for (let i = 0; i < 256; i += 1)
    table[i] = 255 * Math.min(Math.max((i - black.value) / span, 0), 1) ** gamma.value;
  return table;
});

let last = 0;
let due = 0;

function tick(now: number): void {
  if (playing.value && state.facts.value) {
    due += ((now - last) / 1000) * state.facts.value.frame_rate_hz * speed.value;
    const steps = Math.floor(due);
    if (steps > 0) {
      due -= steps;
      const [first, end] = played.value;
      const next = state.frame.value + steps;
      state.frame.value = next > end || next < first ? first : next;
    }
  }
  last = now;
  requestAnimationFrame(tick);
}

requestAnimationFrame(tick);
