/** The masks that actions give: the same fold as the server's (annotation/masks/fold.py). */

import { type Action, type Begin, type MaskEdit, type MaskState, type Runs, standing } from "../labels";

export interface Mask {
  name: string;
  id: number;
  runs: Runs;
  state: MaskState;
  engine: string;
}

export interface Masks {
  masks: Map<string, Mask>;
  start: Begin | null;
  closed: boolean;
}

export function masksOf(actions: Action[]): Masks {
  const start = actions.find((action) => action.kind === "begin") ?? null;
  const masks = new Map<string, Mask>();
  for (const [name, { runs, state, engine }] of Object.entries(start?.masks ?? {}))
    masks.set(name, { name, id: Number(name), runs, state: state ?? "", engine: engine ?? "" });
  const numbers = numbersOf(actions, Math.max(-1, ...Object.keys(start?.masks ?? {}).map(Number)) + 1);
  const kept = standing(actions);
  for (const action of kept) if (action.kind === "masks") edited(masks, action, numbers);
  return { masks, start, closed: kept.some((action) => action.kind === "close") };
}

/** New masks are numbered as they come, undone ones too: no number is used again. */
function numbersOf(actions: Action[], first: number): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const action of actions) {
    if (action.kind !== "masks") continue;
    for (const name of Object.keys(action.added ?? {}))
      if (!numbers.has(name)) numbers.set(name, first + numbers.size);
  }
  return numbers;
}

function edited(masks: Map<string, Mask>, edit: MaskEdit, numbers: Map<string, number>): void {
  for (const name of edit.removed ?? []) masks.delete(name);
  const engine = edit.tool === "proposal" ? "proposed" : "drawn";
  for (const [name, runs] of Object.entries(edit.added ?? {}))
    masks.set(name, { name, id: numbers.get(name) as number, runs, state: "", engine });
  for (const [name, runs] of Object.entries(edit.changed ?? {})) {
    const mask = masks.get(name);
    if (mask) masks.set(name, { ...mask, runs });
  }
  for (const [name, state] of Object.entries(edit.decided ?? {})) {
    const mask = masks.get(name);
    if (mask) masks.set(name, { ...mask, state });
  }
}
