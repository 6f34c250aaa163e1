/** The colours of the style sheet, for what is drawn on canvases. */

export type Colours = Record<
  "text" | "grid" | "raw" | "smooth" | "neuropil" | "probability" | "true" | "false" | "doubtful" | "cursor" | "shade",
  string
>;

export function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const names = ["text", "grid", "raw", "smooth", "neuropil", "probability", "true", "false", "doubtful", "cursor", "shade"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Colours;
}
