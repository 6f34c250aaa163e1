/** The background-corrected movie: the whole field as JPEG, the surroundings of one mask as they are, or as asked. */

import { computed, effect, signal } from "@preact/signals";
import { Cache } from "../cache";
import { say } from "../journal";
import * as api from "./api";
import * as state from "./state";

/** A picture, where in the field it lies, and which part of the bitmap it is. */
export interface Shown {
  bitmap: ImageBitmap;
  box: api.Box;
  /** First row of it in the bitmap. */
  row: number;
}

/** Bins of a strip of the whole field. */
const STRIP = 8;
const strips = new Cache((first: number) => {
  const last = Math.min(first + STRIP, state.facts.peek()?.n_bins ?? 0) - 1;
  return api.getStrip(first, last);
}, 12);
const pieces = new Cache(async (key: string) => {
  const [first, top, left, height, width] = key.split(" ").map(Number) as [number, number, number, number, number];
  const last = Math.min(first + atOnce(), state.facts.peek()?.n_bins ?? 0) - 1;
  const box = { top, left, height, width };
  return api.getFrames(first, last, box);
}, 24);

const atOnce = () => state.facts.peek()?.bins_at_once ?? 1;

interface Asked {
  first: number;
  n: number;
  bitmap: Promise<ImageBitmap>;
}

function asked(at: number, box: api.Box | null): Asked {
  const length = box ? atOnce() : STRIP;
  const first = Math.floor(at / length) * length;
  const n = Math.min(length, (state.facts.peek()?.n_bins ?? 0) - first);
  if (!box) return { first, n, bitmap: strips.get(first) };
  return { first, n, bitmap: pieces.get([first, box.top, box.left, box.height, box.width].join(" ")) };
}

/** The frame at hand; the one before it, until it has come. */
export const shown = signal<Shown | null>(null);
const whole = computed<api.Box>(() => ({ top: 0, left: 0, ...state.size.value }));

export function watch(): void {
  effect(() => {
    const [at, box] = [state.bin.value, state.patch.value];
    if (!state.facts.value) return;
    const { first, n, bitmap } = asked(at, box);
    bitmap.then(
      (made) => {
        if (state.bin.peek() !== at || state.patch.peek() !== box) return;
        // Frames of a JPEG are padded to its blocks.
        shown.value = { bitmap: made, box: box ?? whole.peek(), row: ((at - first) * made.height) / n };
      },
      (error: Error) => say(`The movie couldn't be loaded: ${error.message}`),
    );
    // The next piece is on its way before it is needed.
    const ahead = first + (box ? atOnce() : STRIP);
    if (ahead < state.facts.value.n_bins) void asked(ahead, box).bitmap.catch(() => undefined);
  });
  requestAnimationFrame(tick);
}

let last = 0;
let due = 0;

function tick(now: number): void {
  const facts = state.facts.peek();
  if (state.playing.peek() && facts) {
    due += ((now - last) / 1000) * (facts.frame_rate_hz / facts.bin) * state.speed.peek();
    const steps = Math.floor(due);
    due -= steps;
    if (steps > 0) state.bin.value = (state.bin.peek() + steps) % facts.n_bins;
  } else due = 0;
  last = now;
  requestAnimationFrame(tick);
}

export function moveBin(by: number): void {
  const n = state.facts.peek()?.n_bins ?? 1;
  state.bin.value = Math.min(Math.max(state.bin.peek() + by, 0), n - 1);
}
