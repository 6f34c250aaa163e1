/** Training on the labels: what the server says about it, asked again while one runs. */

import { effect, signal } from "@preact/signals";
import { getTraining, postTraining, type Training } from "./api";

export const shown = signal(false);
export const training = signal<Training | null>(null);
export const problem = signal("");

const AGAIN_MS = 2000;

async function look(ask: () => Promise<Training | null>): Promise<void> {
  try {
    training.value = await ask();
    problem.value = "";
  } catch (error) {
    problem.value = (error as Error).message;
  }
}

export function start(withCorpus: boolean): void {
  void look(() => postTraining(withCorpus));
}

/** While the dialog is open, the last training is asked for until it has ended. */
effect(() => {
  if (!shown.value) return;
  let timer = 0;
  const again = async () => {
    await look(getTraining);
    if (shown.peek()) timer = setTimeout(() => void again(), AGAIN_MS);
  };
  void again();
  return () => clearTimeout(timer);
});
