/** Requests to the server; the token comes with the page's address, after the #. */

import type { Action, Range } from "./labels";

/** What the page of any pass begins with. */
export interface PassFacts {
  recording: string;
  by: string;
  actions: Action[];
  journal: string;
  may_write: boolean;
  n_frames: number;
  frame_rate_hz: number;
  pixel_size_um: number;
}

/** What the server says, before it is known of which page. */
export type Answered = PassFacts;

export interface SessionFacts extends PassFacts {
  fov: [number, number];
  max_frames: number;
  invalid: Range[];
  cell_types: string[];
  cells: { id: number; x: number; y: number }[];
  threshold: number;
  shows_predictions: boolean;
  questions?: Question[];
  queue: Stop[];
}

/** A segment of the queue; `again`: it came before, and is labelled anew. */
export interface Stop {
  cell: number;
  range: Range;
  again: boolean;
}

/** What a referee decides: a cell, onset and peak. */
export interface Question {
  cell: number;
  range: Range;
}

export interface Outline {
  cell: number;
  lines: [number, number][][];
}

export interface CellFacts {
  patch: { top: number; left: number; height: number; width: number };
  outlines: Outline[];
  neighbours: number[];
}

export interface Profiles {
  transient: number[][];
  source: number[][];
  correlations: { cell: number; correlation: number | null }[];
}

/** Figures of one model on the cells that training left out. */
export type Figures = Partial<
  Record<
    "f1" | "precision" | "sensitivity" | "true_positive" | "false_negative" | "false_positive" | "accuracy",
    number
  >
>;

export interface LastTraining {
  folder: string;
  state: "running" | "done" | "failed" | "elsewhere";
  epoch: number;
  epochs: number;
  log?: string;
  metrics?: { model: string; cells: { test: string[] }; corpus: string[]; before: Figures; after: Figures };
}

/** How a model is trained with the labels: the commands, and what has become of the last training. */
export interface Training {
  model: string;
  alone: string;
  with_corpus: string | null;
  corpus: string;
  last: LastTraining | null;
}

export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const token = decodeURIComponent(location.hash.slice(1));

export async function ask(path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(`./api/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw new Refused(answer.status, String((said as { error?: string }).error ?? answer.statusText));
  }
  return answer;
}

export async function json<T>(path: string, body?: unknown): Promise<T> {
  return (await ask(path, body)).json() as Promise<T>;
}

export const getSession = () => json<Answered>("session");
export const getCell = (cell: number) => json<CellFacts>(`cells/${cell}`);
export const getField = () => json<{ cells: Outline[] }>("field");
export const getCandidates = (cell: number, sigma: number) =>
  json<{ candidates: Range[] }>(`cells/${cell}/candidates?sigma=${sigma}`);
export const getPredicted = (cell: number) => json<{ transients: Range[] }>(`cells/${cell}/predicted`);
export const getProfiles = (cell: number, onset: number, peak: number) =>
  json<Profiles>(`cells/${cell}/profiles?onset=${onset}&peak=${peak}`);
export const postActions = (actions: Action[]) => json<{ saved: string[] }>("actions", actions);
export const getTraining = () => json<Training | null>("training");
export const postTraining = (withCorpus: boolean) => json<Training>("training", { with_corpus: withCorpus });
export const postTruth = () => json<{ folder: string }>("truth", {});

export async function getTraces(cell: number, nFrames: number): Promise<Record<string, Float32Array>> {
  const answer = await ask(`cells/${cell}/traces`);
  const values = new Float32Array(await answer.arrayBuffer());
  const names = (answer.headers.get("X-Rows") ?? "").split(",");
  return Object.fromEntries(
    names.map((name, row) => [name, values.subarray(row * nFrames, (row + 1) * nFrames)]),
  );
}

export async function getMovie(cell: number, first: number, last: number): Promise<Uint8Array> {
  const answer = await ask(`cells/${cell}/movie?first=${first}&last=${last}`);
  if (answer.headers.get("Content-Type") !== "image/jpeg") return new Uint8Array(await answer.arrayBuffer());
  return fromStrip(await answer.blob(), last - first + 1, Number(answer.headers.get("X-Height")));
}

/** The pixels of `n` frames that lie one below the other in a picture, each padded to more than `height` rows. */
async function fromStrip(strip: Blob, n: number, height: number): Promise<Uint8Array> {
  const picture = await createImageBitmap(strip, { colorSpaceConversion: "none" });
  const { width, height: rows } = picture;
  const canvas = new OffscreenCanvas(width, rows);
  const context = canvas.getContext("2d", { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
  context.drawImage(picture, 0, 0);
  const colours = context.getImageData(0, 0, width, rows).data;
  const size = width * height;
  const step = width * (rows / n);
  const pixels = new Uint8Array(n * size);
  for (let frame = 0; frame < n; frame++)
    for (let i = 0; i < size; i++) pixels[frame * size + i] = colours[4 * (frame * step + i)] as number;
  return pixels;
}

export async function getFieldPicture(): Promise<ImageBitmap> {
  return createImageBitmap(await (await ask("field.png")).blob());
}
