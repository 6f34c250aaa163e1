/** Active pixels that no mask covers: where somebody may have missed a neuron. */

import { computed, signal } from "@preact/signals";
import * as api from "./api";
import * as edit from "./edit";
import { centreOf, contains } from "./runs";
import * as state from "./state";
import { cursor, moveCursor } from "./view";

type Found = NonNullable<api.Proposals["proposals"]>;

const found = signal<Found>([]);
/** Those of which the centre is in no mask by now. */
export const proposals = computed<Found>(() => {
  const masks = state.listed.value;
  return found.value.filter(({ runs }) => {
    const [x, y] = centreOf(runs);
    return !masks.some((mask) => contains(mask.runs, Math.floor(y), Math.floor(x)));
  });
});
/** Position of the proposal at hand; -1: none. */
export const at = signal(-1);
export const least = signal(0);
export const looking = signal(false);

export const current = computed(() => proposals.value[at.value] ?? null);

const AGAIN_MS = 700;

/** Ask for proposals, which takes a while: the whole movie is read once. */
export async function look(): Promise<void> {
  if (looking.peek()) return;
  looking.value = true;
  try {
    for (;;) {
      const answer = await api.getProposals(least.peek() || (state.facts.peek()?.least_dprime ?? 0));
      if (answer.proposals) {
        found.value = answer.proposals;
        at.value = -1;
        edit.say(`${proposals.value.length} active places without a mask.`);
        if (proposals.value.length) next();
        return;
      }
      edit.say(`The movie is read for activity: ${Math.round(100 * answer.share)} %.`);
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  } catch (error) {
    edit.say(`No proposals: ${(error as Error).message}`);
  } finally {
    looking.value = false;
  }
}

function go(place: number): void {
  const all = proposals.peek();
  at.value = all.length ? (place + all.length) % all.length : -1;
  const one = current.peek();
  if (!one) return;
  const [x, y] = centreOf(one.runs);
  const [cx, cy] = cursor.peek();
  moveCursor(x - cx, y - cy, state.facts.peek()?.fov ?? [1, 1]);
  edit.say(`Proposal ${at.value + 1} of ${all.length}: d′ ${one.dprime.toFixed(1)}. a takes it, z rejects it.`);
}

export function next(): void {
  if (!found.peek().length) void look();
  else go(at.peek() + 1);
}

/** Take the proposal at hand as a mask, or keep it as a dismissed one: it isn't proposed again. */
export function judge(takes: boolean): void {
  const one = current.peek();
  if (!one) {
    edit.say("There is no proposal at hand: n looks for one.");
    return;
  }
  const place = at.peek();
  edit.add("proposal", one.runs, takes ? undefined : "dismiss");
  go(place);
}
