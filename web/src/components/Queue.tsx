/** The queue, beside the list of cells. Why a segment is in it isn't told: that would tell what was predicted. */

import { useEffect } from "preact/hooks";
import * as queue from "../queue";
import * as state from "../state";

export function Queue() {
  useEffect(() => {
    document.querySelector(".queue [aria-current=true]")?.scrollIntoView({ block: "nearest" });
  }, [queue.place.value]);
  const stops = queue.stops.value;
  if (!stops.length) return null;
  return (
    <nav class="queue" aria-label="Queue">
      <h2>
        Queue: {queue.left.value} of {stops.length} left
      </h2>
      <ul>
        {stops.map((stop, i) => {
          const done = queue.isDone(stop);
          return (
            <li>
              <button type="button" aria-current={state.stop.value === stop} onClick={() => queue.go(i)}>
                <span aria-hidden="true">{done ? "☑" : "☐"}</span> ROI {stop.cell}
                <span class="more">
                  {stop.range[0]}–{stop.range[1]}
                </span>
                <span class="hidden">
                  {done ? ", done" : ""}
                  {stop.again ? ", a second time" : ""}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
