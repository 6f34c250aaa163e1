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

let place = "";
let sending = false;
let failures = 0;

/** Start with what an earlier page left unsent; returns it. */
export function openOutbox(name: string): Action[] {
  place = `neurocine-outbox:${name}`;
  try {
    pending.value = JSON.parse(localStorage.getItem(place) ?? "[]") as Action[];
  } catch {
    pending.value = [];
  }
  void send();
  return pending.value;
}

export function put(action: Action): void {
  pending.value = [...pending.value, action];
  keep();
  void send();
}

function keep(): void {
  if (pending.value.length) localStorage.setItem(place, JSON.stringify(pending.value));
  else localStorage.removeItem(place);
}

async function send(): Promise<void> {
  if (sending || !pending.value.length) return;
  sending = true;
  try {
    const { saved } = await postActions(pending.value.slice(0, BATCH));
    const gone = new Set(saved);
    pending.value = pending.value.filter((action) => !gone.has(action.id));
    keep();
    problem.value = "";
    failures = 0;
    sending = false;
    void send();
  } catch (error) {
    sending = false;
    problem.value = error instanceof Refused ? error.message : "the server doesn't answer";
    setTimeout(() => void send(), RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
    failures += 1;
  }
}

window.addEventListener("online", () => void send());
window.addEventListener("beforeunload", (event) => {
  if (pending.value.length) event.preventDefault();
});

export function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  // Plain http from another host is no secure context.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
