/** What the page of masks asks the server for. */

import { type Answered, ask, json, type PassFacts } from "../api";
import type { Runs } from "../labels";

export interface MaskFacts extends PassFacts {
  page: "masks";
  is_referee: boolean;
  fov: [number, number];
  bin: number;
  n_bins: number;
  bins_at_once: number;
  pictures: string[];
  least_dprime: number;
}

export interface Trace {
  dff: number[];
  /** Frame and d′ of each spike. */
  spikes: [number, number][];
  dprime: number | null;
}

export interface Box {
  top: number;
  left: number;
  height: number;
  width: number;
}

/** Active pixels that no mask covers; null while they are still looked for. */
export interface Proposals {
  share: number;
  proposals: { runs: Runs; dprime: number }[] | null;
}

export const isMasks = (facts: Answered): facts is MaskFacts => (facts as MaskFacts).page === "masks";
export const getTrace = (name: string) => json<Trace>(`masks/${name}/trace`);
export const getProposals = (least: number) => json<Proposals>(`proposals?dprime=${least}`);

export async function getPicture(name: string): Promise<ImageBitmap> {
  return createImageBitmap(await (await ask(`pictures/${name}.png`)).blob());
}

/** Frames of the whole field, one below the other. */
export async function getStrip(first: number, last: number): Promise<ImageBitmap> {
  return createImageBitmap(await (await ask(`frames.jpg?first=${first}&last=${last}`)).blob());
}

/** Frames of a part of the field, one below the other. */
export async function getFrames(first: number, last: number, box: Box): Promise<ImageBitmap> {
  const place = `top=${box.top}&left=${box.left}&height=${box.height}&width=${box.width}`;
  const answer = await ask(`frames?first=${first}&last=${last}&${place}`);
  if (answer.headers.get("Content-Type") === "image/jpeg") return createImageBitmap(await answer.blob());
  const grey = new Uint8Array(await answer.arrayBuffer());
  const image = new ImageData(box.width, grey.length / box.width);
  grey.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
  return createImageBitmap(image);
}
