/** The background-corrected movie beside a summary picture, with the masks on both. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import * as draft from "../draft";
import * as draw from "../draw";
import { shown } from "../film";
import { at, proposals } from "../proposals";
import type { Point } from "../runs";
import * as state from "../state";
import { cursor, fit, panel, view, zoom } from "../view";

type Layers = { base: HTMLCanvasElement | null; lines: HTMLCanvasElement | null; draft: HTMLCanvasElement | null };
const empty = (): Layers => ({ base: null, lines: null, draft: null });

const contextOf = (canvas: HTMLCanvasElement | null) => canvas?.getContext("2d") ?? null;

/** Outlines are drawn once, and copied onto the second panel. */
function outlinesOn(panels: Layers[]): void {
  const [first, second] = panels.map(({ lines }) => contextOf(lines));
  if (!first || !second) return;
  draw.outlines(first);
  draw.clear(second);
  second.drawImage(first.canvas, 0, 0);
}

export function Panels() {
  const panels = useRef<[Layers, Layers]>([empty(), empty()]);
  const summary = useSignal<ImageBitmap | null>(null);
  useSignalEffect(() => {
    const name = state.picture.value;
    state.PICTURES.get(name).then((bitmap) => {
      if (state.picture.peek() === name) summary.value = bitmap;
    }, () => undefined);
  });
  useSignalEffect(() => {
    void [view.value, panel.value];
    const frame = shown.value;
    const movie = contextOf(panels.current[0].base);
    if (movie && frame) draw.picture(movie, frame.bitmap, frame.box.left, frame.box.top, frame.box.width, frame.box.height, frame.row);
    const still = contextOf(panels.current[1].base);
    const bitmap = summary.value;
    if (still && bitmap) draw.picture(still, bitmap, 0, 0, bitmap.width, bitmap.height);
  });
  useSignalEffect(() => {
    void [view.value, panel.value, state.masks.value, state.selected.value, state.outlinesShown.value];
    outlinesOn(panels.current);
  });
  useSignalEffect(() => {
    void [view.value, panel.value, draft.points.value, draft.stroke.value, cursor.value, proposals.value, at.value];
    void [state.tool.value, state.radius.value, state.phase.value];
    for (const { draft: canvas } of panels.current) {
      const context = contextOf(canvas);
      if (context) draw.draft(context);
    }
  });
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
