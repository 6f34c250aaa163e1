/** The field of view: click a cell to go to it. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { getField, getFieldPicture, type Outline } from "../api";
import * as commands from "../commands";
import * as state from "../state";

export function Field() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = useSignal<ImageBitmap | null>(null);
  const outlines = useSignal<Outline[]>([]);
  useEffect(() => {
    Promise.all([getFieldPicture(), getField()]).then(
      ([bitmap, field]) => {
        picture.value = bitmap;
        outlines.value = field.cells;
      },
      () => commands.say("The field of view couldn't be loaded: load the page again."),
    );
  }, []);
  const session = state.facts.value;
  const shown = [picture.value, outlines.value, state.cell.value, state.labels.value] as const;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !canvas.current || !picture.value || !session) return;
    const scale = canvas.current.width / session.fov[1];
    context.drawImage(picture.value, 0, 0, canvas.current.width, session.fov[0] * scale);
    for (const one of outlines.value) {
      const own = one.cell === state.cell.value;
      const looked = Object.keys(state.labels.value.cells[one.cell]?.looked ?? {}).length > 0;
      context.strokeStyle = own ? "#ffd23f" : "#4cc9f0";
      context.lineWidth = own ? 3 : 1;
      context.setLineDash(own || looked ? [] : [2, 2]);
      for (const line of one.lines) {
        context.beginPath();
        line.forEach(([x, y], i) => (i ? context.lineTo(x * scale, y * scale) : context.moveTo(x * scale, y * scale)));
        context.closePath();
        context.stroke();
      }
    }
  }, [...shown]);
  if (!session) return null;
  const width = 300;
  const pick = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLCanvasElement).getBoundingClientRect();
    const [x, y] = [
      ((event.clientX - box.left) / box.width) * session.fov[1],
      ((event.clientY - box.top) / box.height) * session.fov[0],
    ];
    const far = (one: { x: number; y: number }) => (one.x - x) ** 2 + (one.y - y) ** 2;
    const nearest = [...session.cells].sort((a, b) => far(a) - far(b))[0];
    if (nearest) state.cell.value = nearest.id;
  };
  return (
    <section class="field" aria-label="Field of view">
      <canvas
        ref={canvas}
        width={width}
        height={Math.round((width * session.fov[0]) / session.fov[1])}
        role="img"
        aria-label={`Mean picture with ${session.cells.length} ROIs; the list of cells names them`}
        onClick={pick}
      />
    </section>
  );
}
