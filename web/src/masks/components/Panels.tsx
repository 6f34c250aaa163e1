/** The background-corrected movie beside a summary picture, with the masks on both. */

import { effect, signal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import * as draft from "../draft";
import * as draw from "../draw";
import { shown } from "../movie";
import { at, proposals } from "../proposals";
import type { Point } from "../runs";
import * as state from "../state";
import { cursor, fit, panel, view, zoom } from "../view";

type Layers = { base: HTMLCanvasElement | null; lines: HTMLCanvasElement | null; draft: HTMLCanvasElement | null };
const empty = (): Layers => ({ base: null, lines: null, draft: null });

const contextOf = (canvas: HTMLCanvasElement | null) => canvas?.getContext("2d") ?? null;

const summary = signal<ImageBitmap | null>(null);

/** Draw before the next picture of the screen whenever what `reads` returns has changed: once, however often it did. */
function useDrawn(reads: () => unknown, drawn: () => void): void {
  useEffect(() => {
    let due = 0;
    const stop = effect(() => {
      reads();
      due ||= requestAnimationFrame(() => {
        due = 0;
        drawn();
      });
    });
    return () => {
      stop();
      cancelAnimationFrame(due);
    };
  }, []);
}

function pictures([left, right]: Layers[]): void {
  const [frame, still] = [shown.peek(), summary.peek()];
  const [movie, summed] = [contextOf(left?.base ?? null), contextOf(right?.base ?? null)];
  if (movie && frame) {
    const { top, left: first, height, width } = frame.box;
    draw.picture(movie, frame.bitmap, first, top, width, height, frame.row);
  }
  if (summed && still) draw.picture(summed, still, 0, 0, still.width, still.height);
}

function drafts(panels: Layers[]): void {
  for (const { draft: canvas } of panels) {
    const context = contextOf(canvas);
    if (context) draw.draft(context);
  }
}

export function Panels() {
  const panels = useRef<[Layers, Layers]>([empty(), empty()]);
  useSignalEffect(() => {
    const name = state.picture.value;
    state.PICTURES.get(name).then((bitmap) => {
      if (state.picture.peek() === name) summary.value = bitmap;
    }, () => undefined);
  });
  useDrawn(
    () => [view.value, panel.value, shown.value, summary.value],
    () => pictures(panels.current),
  );
  useDrawn(
    () => [
      ...[view.value, panel.value, state.masks.value, state.selected.value, state.outlinesShown.value],
      ...[proposals.value, at.value, state.phase.value],
    ],
    () => draw.outlines(panels.current.flatMap(({ lines }) => contextOf(lines) ?? [])),
  );
  useDrawn(
    () => [
      ...[view.value, panel.value, draft.points.value, draft.stroke.value, cursor.value, proposals.value, at.value],
      ...[state.tool.value, state.radius.value, state.phase.value],
    ],
    () => drafts(panels.current),
  );
  const name = state.picture.value;
  return (
    <div class="panels">
      <Panel layers={panels.current[0]} label={`Movie, less its background, frame ${state.bin.value}`} />
      <Panel layers={panels.current[1]} label={`Summary picture: ${name}`} />
    </div>
  );
}

function Panel({ layers, label }: { layers: Layers; label: string }) {
  const holder = useRef<HTMLDivElement>(null);
  const { width, height } = panel.value;
  useEffect(() => {
    const resize = new ResizeObserver(() => {
      const box = holder.current?.getBoundingClientRect();
      if (!box || (box.width === panel.peek().width && box.height === panel.peek().height)) return;
      panel.value = { width: Math.round(box.width), height: Math.round(box.height) };
      if (!state.patch.peek()) fit(state.facts.peek()?.fov ?? [1, 1]);
    });
    resize.observe(holder.current as HTMLDivElement);
    return () => resize.disconnect();
  }, []);
  const place = (event: MouseEvent): Point => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const { x, y, scale } = view.peek();
    return [x + (event.clientX - box.left) / scale, y + (event.clientY - box.top) / scale];
  };
  const down = (event: PointerEvent) => {
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    draft.press(place(event), event.shiftKey);
  };
  return (
    <div
      class="panel"
      ref={holder}
      role="img"
      aria-label={`${label}; ${state.listed.value.length} masks, which the list names`}
      onPointerDown={down}
      onPointerMove={(event) => (event.buttons ? draft.drag(place(event)) : undefined)}
      onPointerUp={(event) => draft.release(place(event))}
      onWheel={(event) => {
        event.preventDefault();
        zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, place(event));
      }}
    >
      <canvas width={width} height={height} ref={(canvas) => void (layers.base = canvas)} />
      <canvas width={width} height={height} ref={(canvas) => void (layers.lines = canvas)} />
      <canvas width={width} height={height} ref={(canvas) => void (layers.draft = canvas)} />
    </div>
  );
}
