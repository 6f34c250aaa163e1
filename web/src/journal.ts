/** The actions of the journal: those that the server has, and those on their way. */

import { batch, signal } from "@preact/signals";
import { type Action, lastStanding, lastUndo } from "./labels";
import { newId, openOutbox, put } from "./outbox";

export const actions = signal<Action[]>([]);
/** What is said to the person, also to screen readers. */
export const message = signal("");

/** Other tabs of the same journal hear of each action. */
let channel: BroadcastChannel | null = null;
let before = Date.now();

export function say(text: string): void {
  message.value = text;
}

export function act(action: Action): void {
  batch(() => {
    actions.value = [...actions.value, action];
    put(action);
  });
  channel?.postMessage(action);
}

/** What every action carries: its id, when it was done, and how long after the one before. */
export function stamp(): { id: string; at: string; took_ms: number } {
  const now = Date.now();
  const took_ms = Math.min(Math.max(now - before, 0), 3_600_000);
  before = now;
  return { id: newId(), at: new Date(now).toISOString(), took_ms };
}

/** Begin with the actions that the server knows, and send what earlier pages left unsent. */
export function openJournal(journal: string, known: Action[]): void {
  const unsent = openOutbox(journal, (action, why) => {
    actions.value = actions.value.filter((one) => one.id !== action.id);
    message.value = `An action was refused and taken back: ${why}`;
  });
  channel = new BroadcastChannel(`neurocine:${journal}`);
  channel.onmessage = ({ data }: MessageEvent<Action>) => {
    if (!actions.value.some((one) => one.id === data.id)) actions.value = [...actions.value, data];
  };
  const ids = new Set(known.map((action) => action.id));
  actions.value = [...known, ...unsent.filter((action) => !ids.has(action.id))];
}

export function undo(mayWrite: boolean): void {
  const of = lastStanding(actions.value);
  if (of === null || !mayWrite) say("There is nothing to undo.");
  else act({ kind: "undo", id: newId(), of });
}

export function redo(mayWrite: boolean): void {
  const of = lastUndo(actions.value);
  if (of === null || !mayWrite) say("There is nothing to redo.");
  else act({ kind: "undo", id: newId(), of });
}

export function close(): void {
  if (confirm("Close this pass? Nothing can be changed then, until you undo closing it.")) {
    act({ kind: "close", id: newId() });
  }
}
