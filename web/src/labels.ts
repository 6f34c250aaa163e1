/** The labels that actions give: the same fold as the server's (annotation/labels.py). */

export type Range = [number, number];
export type Marks = Record<string, Range>;
export type Changes = Record<string, Range | null>;

export const MARKS = ["transients", "rejected", "doubtful", "movement", "looked"] as const;
export type MarkKind = (typeof MARKS)[number];

export type CellLabels = Record<MarkKind, Marks> & { cell_type: string; invalid: boolean };

export interface Labels {
  cells: Record<string, CellLabels>;
  /** Those of segments that came a second time. */
  again: Record<string, CellLabels>;
  revealed: boolean;
  closed: boolean;
}

export type Edit = { kind: "edit"; id: string; cell: number; at?: string; took_ms?: number } & Partial<
  Record<MarkKind, Changes>
> & { cell_type?: string; invalid?: boolean; again?: boolean };

/** Row, first and last column (inclusive) of each run of a mask's pixels, in order. */
export type Runs = [number, number, number][];
export type MaskState = "" | "keep" | "dismiss" | "doubtful";
export type Tool = "polygon" | "freehand" | "brush" | "eraser" | "merge" | "split" | "delete" | "proposal" | "decide";
export interface StartMask {
  runs: Runs;
  state?: MaskState;
  engine?: string;
  probability?: number;
}
export type Begin = { kind: "begin"; id: string; at?: string; start?: string; start_sha256?: string; masks?: Record<string, StartMask> };
export type MaskEdit = { kind: "masks"; id: string; at?: string; took_ms?: number; tool: Tool } & {
  added?: Record<string, Runs>;
  changed?: Record<string, Runs>;
  removed?: string[];
  decided?: Record<string, MaskState>;
};

export type Action =
  | Edit
  | Begin
  | MaskEdit
  | { kind: "undo"; id: string; of: string }
  | { kind: "reveal"; id: string }
  | { kind: "close"; id: string };

export function emptyCell(): CellLabels {
  return {
    transients: {},
    rejected: {},
    doubtful: {},
    movement: {},
    looked: {},
    cell_type: "",
    invalid: false,
  };
}

function merged(before: Marks, changes: Changes | undefined): Marks {
  const after: Marks = { ...before };
  for (const [key, mark] of Object.entries(changes ?? {})) {
    if (mark === null) delete after[key];
    else after[key] = mark;
  }
  return after;
}

function edited(before: CellLabels, edit: Edit): CellLabels {
  const after = { ...before };
  for (const kind of MARKS) after[kind] = merged(before[kind], edit[kind]);
  if (edit.cell_type !== undefined) after.cell_type = edit.cell_type;
  if (edit.invalid !== undefined) after.invalid = edit.invalid;
  return after;
}

/** Actions that no later one took back. */
export function standing(actions: Action[]): Action[] {
  const undone = new Set<string>();
  const kept: Action[] = [];
  for (const action of [...actions].reverse()) {
    if (undone.has(action.id)) continue;
    if (action.kind === "undo") undone.add(action.of);
    else kept.push(action);
  }
  return kept.reverse();
}

export function labelsOf(actions: Action[]): Labels {
  const cells: Record<string, CellLabels> = {};
  const again: Record<string, CellLabels> = {};
  const kept = standing(actions);
  for (const action of kept) {
    if (action.kind !== "edit") continue;
    const part = action.again ? again : cells;
    part[action.cell] = edited(part[action.cell] ?? emptyCell(), action);
  }
  return {
    cells,
    again,
    revealed: actions.some((action) => action.kind === "reveal"),
    closed: kept.some((action) => action.kind === "close"),
  };
}

/** The last action that stands, whatever it was, and the last undo: what `undo` and `redo` act on. */
export function lastStanding(actions: Action[]): string | null {
  const kept = standing(actions).filter((action) => action.kind !== "reveal" && action.kind !== "begin");
  return kept.at(-1)?.id ?? null;
}

/** The undo that a redo takes back: the last one that stands, unless something was done after it. */
export function lastUndo(actions: Action[]): string | null {
  const undone = new Set<string>();
  for (const action of [...actions].reverse()) {
    if (undone.has(action.id)) continue;
    if (action.kind !== "undo") return null;
    const target = actions.find((one) => one.id === action.of);
    // An undo of an undo is a redo: it and what it took back are passed over.
    if (target?.kind === "undo") {
      undone.add(target.id);
      continue;
    }
    return action.id;
  }
  return null;
}
