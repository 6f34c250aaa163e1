/** The spikes of the mask at hand, to look at one after the other. */

import * as edit from "./edit";
import * as state from "./state";

export function step(direction: 1 | -1): void {
  const { facts, trace, bin } = state;
  const spikes = trace.peek()?.trace.spikes ?? [];
  const length = facts.peek()?.bin ?? 1;
  const bins = spikes.map(([frame]) => Math.floor(frame / length));
  const next = direction > 0 ? bins.find((at) => at > bin.peek()) : bins.filter((at) => at < bin.peek()).at(-1);
  if (next === undefined) edit.say(spikes.length ? "There is none further on." : "The mask has no spikes.");
  else bin.value = next;
}
