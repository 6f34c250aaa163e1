/** What the page of masks shows: signals that its components read. */

import { batch, computed, effect, signal } from "@preact/signals";
import { Cache } from "../cache";
import { actions, openJournal, say } from "../journal";
import { pending } from "../outbox";
import * as api from "./api";
import { type Mask, masksOf } from "./fold";
import { boxOf } from "./runs";
import { fit, focus } from "./view";

export const facts = signal<api.MaskFacts | null>(null);
export const drawn = computed(() => masksOf(actions.value));
export const masks = computed(() => drawn.value.masks);
/** By number. */
export const listed = computed(() => [...masks.value.values()].sort((a, b) => a.id - b.id));
export const size = computed(() => {
  const [height, width] = facts.value?.fov ?? [1, 1];
  return { height, width };
});

export type Phase = 1 | 2;
export const phase = signal<Phase>(1);
export type ToolName = "select" | "outline" | "brush" | "eraser" | "cut" | "lasso";
export const tool = signal<ToolName>("select");
export const radius = signal(3);
export const picture = signal("mean");
export const outlinesShown = signal(true);
/** Names of the masks that keys act on; the last one is shown. */
export const selected = signal<string[]>([]);
export const current = computed<Mask | null>(() => masks.value.get(selected.value.at(-1) ?? "") ?? null);
export const bin = signal(0);
export const playing = signal(false);
export const speed = signal(1);
export const helpShown = signal(false);
export const trace = signal<{ name: string; trace: api.Trace } | null>(null);
export const mayEdit = computed(() => Boolean(facts.value?.may_write) && !drawn.value.closed);

/** Pixels around a mask that phase 2 shows. */
const PATCH_UM = 60;
export const patch = computed<api.Box | null>(() => {
  const mask = current.value;
  if (phase.value !== 2 || !mask || !facts.value) return null;
  const { height, width } = size.value;
  const [top, left, bottom, right] = boxOf(mask.runs);
  const edge = Math.max(Math.round(PATCH_UM / facts.value.pixel_size_um), 2 * Math.max(bottom - top, right - left));
  const [tall, wide] = [Math.min(edge, height), Math.min(edge, width)];
  const place = (middle: number, long: number, all: number) =>
    Math.min(Math.max(Math.round(middle - long / 2), 0), all - long);
  return { top: place((top + bottom) / 2, tall, height), left: place((left + right) / 2, wide, width), height: tall, width: wide };
});

export const PICTURES: Cache<string, ImageBitmap> = new Cache((name) => api.getPicture(name), 6);
const traces = new Cache((key: string) => api.getTrace(key.split(" ")[0] as string), 100);

export function start(session: api.MaskFacts): void {
  batch(() => {
    openJournal(session.journal, session.actions);
    facts.value = session;
    fit(session.fov);
    if (session.is_referee) phase.value = 2;
    if (phase.value === 2) selected.value = listed.value.slice(0, 1).map(({ name }) => name);
  });
  effect(() => {
    const box = patch.value;
    if (box) focus(box);
  });
  effect(() => void loadTrace(current.value, masks.value, pending.value.length));
}

/** The trace changes with the masks around: it is asked for again whenever one was drawn. */
async function loadTrace(mask: Mask | null, all: Map<string, Mask>, unsaved: number): Promise<void> {
  if (!mask) {
    trace.value = null;
    return;
  }
  if (unsaved) return; // the server hasn't got it yet
  const shapes = [...all.values()].reduce((sum, { id, runs }) => (sum * 31 + id + runs.length + (runs[0]?.[1] ?? 0)) | 0, 0);
  try {
    const made = await traces.get(`${mask.name} ${shapes} ${JSON.stringify(mask.runs).length}`);
    if (current.peek()?.name === mask.name) trace.value = { name: mask.name, trace: made };
  } catch (error) {
    say(`Mask ${mask.id}: ${(error as Error).message}`);
  }
}
