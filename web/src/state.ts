/** What the page shows: signals that the components read, and what loads them. */

import { batch, computed, effect, signal } from "@preact/signals";
import * as api from "./api";
import { Cache } from "./cache";
import { actions, message, openJournal } from "./journal";
import { type CellLabels, emptyCell, labelsOf, type Range } from "./labels";
import { pending } from "./outbox";

export { act, actions, message } from "./journal";

export const facts = signal<api.SessionFacts | null>(null);
export const labels = computed(() => labelsOf(actions.value));

export const cell = signal(0);
export const frame = signal(0);
/** The segment that is being labelled: first and last frame. */
export const segment = signal<Range>([0, 0]);
export const sigma = signal(3);
/** The candidate or transient that keys act on. */
export const chosen = signal<Range | null>(null);
export const helpShown = signal(false);

export const cellFacts = signal<api.CellFacts | null>(null);
export const traces = signal<Record<string, Float32Array>>({});
export const candidates = signal<Range[]>([]);
export const predicted = signal<Range[]>([]);
export const predictionsShown = signal(false);
export const profiles = signal<api.Profiles | null>(null);

/** The stop of the queue at hand. */
export const stop = signal<api.Stop | null>(null);
/** Whether a segment that came before is labelled anew: its first marks are kept out of sight. */
export const again = computed(() => {
  const at = stop.value;
  return Boolean(at?.again) && at?.cell === cell.value && at.range.join() === segment.value.join();
});
export const own = computed<CellLabels>(
  () => labels.value[again.value ? "again" : "cells"][cell.value] ?? emptyCell(),
);
/** The cell whose traces and candidates are there: keys that judge wait for the cell that is shown. */
const tracesOf = signal<number | null>(null);
const candidatesOf = signal<number | null>(null);
export const isReady = computed(() => tracesOf.value === cell.value && candidatesOf.value === cell.value);

export const mayEdit = computed(() => Boolean(facts.value?.may_write) && !labels.value.closed);

const SEGMENT = 500;
const RETRY_MS = 1000;
const WAITING = "the server doesn't answer; it is asked again";
const cellCache = new Cache((id: number) => api.getCell(id), 40);
const traceCache = new Cache((id: number) => api.getTraces(id, facts.value?.n_frames ?? 0), 8);
const movieCache = new Cache((key: string) => {
  const [id, first, last] = key.split(":").map(Number) as [number, number, number];
  return api.getMovie(id, first, last);
}, 40);

/** The window of the movie that holds a frame, aligned so that neighbouring frames share it. */
export function windowOf(at: number): Range {
  const length = facts.value?.max_frames ?? 200;
  const first = Math.floor(at / length) * length;
  return [first, Math.min(first + length, facts.value?.n_frames ?? 1) - 1];
}

export function movieWindow(id: number, [first, last]: Range): Promise<Uint8Array> {
  return movieCache.get(`${id}:${first}:${last}`);
}

export function start(session: api.SessionFacts): void {
  batch(() => {
    openJournal(session.journal, session.actions);
    facts.value = session;
    segment.value = [0, Math.min(SEGMENT, session.n_frames) - 1];
    cell.value = session.cells[0]?.id ?? 0;
  });
  effect(() => void loadCell(cell.value));
  effect(() => void loadCandidates(cell.value, sigma.value));
  effect(() => {
    // The server shows them once the journal says that they were asked for.
    const asked = labels.value.revealed || labels.value.closed;
    if (asked && pending.value.length === 0) predictionsShown.value = true;
  });
  effect(() => void loadPredicted(cell.value, predictionsShown.value));
  effect(() => void loadProfiles(cell.value, chosen.value));
}

/** Ask until there is an answer, as long as it is wanted; null if it is refused or no longer wanted. */
async function persist<T>(ask: () => Promise<T>, wanted: () => boolean): Promise<T | null> {
  while (wanted()) {
    try {
      const answer = await ask();
      return wanted() ? answer : null;
    } catch (error) {
      message.value = `ROI ${cell.peek()}: ${error instanceof api.Refused ? error.message : WAITING}`;
      if (error instanceof api.Refused) return null;
      await new Promise((done) => setTimeout(done, RETRY_MS));
    }
  }
  return null;
}

/** Ask for what is likely to be needed next; if that fails, it is asked for again when it is needed. */
function prefetch(id: number): void {
  const ahead = [cellCache.get(id), traceCache.get(id), movieWindow(id, windowOf(frame.peek()))];
  void Promise.allSettled(ahead);
}

async function loadCell(id: number): Promise<void> {
  batch(() => {
    chosen.value = null;
    tracesOf.value = null;
    traces.value = {};
  });
  const loaded = await persist(
    () => Promise.all([cellCache.get(id), traceCache.get(id)]),
    () => cell.peek() === id,
  );
  if (!loaded) return;
  batch(() => {
    [cellFacts.value, traces.value] = loaded;
    tracesOf.value = id;
  });
  const next = neighbour(1);
  if (next !== null) prefetch(next);
}

async function loadCandidates(id: number, least: number): Promise<void> {
  const wanted = () => cell.peek() === id && sigma.peek() === least;
  batch(() => {
    candidatesOf.value = null;
    candidates.value = [];
  });
  const found = await persist(() => api.getCandidates(id, least), wanted);
  if (!found) return;
  batch(() => {
    candidates.value = found.candidates;
    candidatesOf.value = id;
  });
}

async function loadPredicted(id: number, shown: boolean): Promise<void> {
  predicted.value = [];
  if (!shown) return;
  traceCache.forget(id); // the probability comes with the traces only now
  const loaded = await persist(
    () => Promise.all([api.getPredicted(id), traceCache.get(id)]),
    () => cell.peek() === id,
  );
  if (!loaded) return;
  batch(() => {
    predicted.value = loaded[0].transients;
    traces.value = loaded[1];
  });
}

async function loadProfiles(id: number, range: Range | null): Promise<void> {
  if (range === null) {
    profiles.value = null;
    return;
  }
  const made = await api.getProfiles(id, range[0], range[1]).catch(() => null);
  if (cell.peek() === id && chosen.peek() === range) profiles.value = made;
}

/** The next cell of the list, by `step`; null at its end. */
export function neighbour(step: number): number | null {
  const cells = facts.peek()?.cells ?? [];
  const place = cells.findIndex((one) => one.id === cell.peek());
  return cells[place + step]?.id ?? null;
}
