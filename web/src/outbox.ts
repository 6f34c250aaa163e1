/** Actions on their way to the journal: kept by the browser until the server says that they are on its disk. */

import { computed, signal } from "@preact/signals";
import { postActions, Refused } from "./api";
import type { Action } from "./labels";

const BATCH = 50;
const RETRY_MS = [500, 1000, 2000, 5000];

export const pending = signal<Action[]>([]);
export const problem = signal("");
export const savedText = computed(() => {
  const n = pending.value.length;
  if (n === 0) return "All saved";
  return `${n} not saved${problem.value ? `: ${problem.value}` : " yet"}`;
});

export function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  // Plain http from another host is no secure context.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** Each tab keeps what it hasn't sent in a place of its own; names of places begin with the journal's. */
const tab = newId();
let prefix = "";
let sending = false;
let failures = 0;
let alone = false;
let refused: (action: Action, why: string) => void = () => undefined;

function stored(place: string): Action[] {
  try {
    return JSON.parse(localStorage.getItem(place) ?? "[]") as Action[];
  } catch {
    return [];
  }
}

/** Start with what earlier pages, or other tabs, left unsent; returns it. The server takes no action twice. */
export function openOutbox(journal: string, onRefused: typeof refused): Action[] {
  prefix = `neurocine-outbox:${journal}:`;
  refused = onRefused;
  const places = Object.keys(localStorage).filter((place) => place.startsWith(prefix));
  const left = places.flatMap(stored);
  pending.value = left.filter((action, i) => left.findIndex((one) => one.id === action.id) === i);
  keep();
  for (const place of places) localStorage.removeItem(place);
  void send();
  return pending.value;
}

export function put(action: Action): void {
  pending.value = [...pending.value, action];
  keep();
  void send();
}

function keep(): void {
  if (pending.value.length) localStorage.setItem(prefix + tab, JSON.stringify(pending.value));
  else localStorage.removeItem(prefix + tab);
}

function drop(ids: Set<string>): void {
  pending.value = pending.value.filter((action) => !ids.has(action.id));
  keep();
}

async function send(): Promise<void> {
  if (sending || !pending.value.length) return;
  sending = true;
  const batch = pending.value.slice(0, alone ? 1 : BATCH);
  try {
    const { saved } = await postActions(batch);
    drop(new Set(saved));
    problem.value = "";
    failures = 0;
    alone = false;
    sending = false;
    void send();
  } catch (error) {
    sending = false;
    if (error instanceof Refused && error.status === 409) {
      // One of them can't be taken: sent one by one, the others can.
      const first = batch[0] as Action;
      if (batch.length === 1) {
        drop(new Set([first.id]));
        refused(first, error.message);
      }
      alone = batch.length > 1;
      void send();
      return;
    }
    problem.value = error instanceof Refused ? error.message : "the server doesn't answer";
    setTimeout(() => void send(), RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
    failures += 1;
  }
}

window.addEventListener("online", () => void send());
window.addEventListener("beforeunload", (event) => {
  if (pending.value.length) event.preventDefault();
});
