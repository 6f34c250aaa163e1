/** The mean picture of the chosen transient beside that of the cell's largest ones (DeepCINAC, 2.6). */

import { useEffect, useRef } from "preact/hooks";
import * as state from "../state";

export function Profiles() {
  const made = state.profiles.value;
  return (
    <section class="profiles" aria-label="Source and transient profiles">
      <figure>
        <Picture rows={made?.transient} label="Mean picture of the chosen transient" />
        <figcaption>this transient</figcaption>
      </figure>
      <figure>
        <Picture rows={made?.source} label="Mean picture of the cell's largest transients" />
        <figcaption>source profile</figcaption>
      </figure>
      <table>
        <thead>
          <tr>
            <th>ROI</th>
            <th>correlation</th>
          </tr>
        </thead>
        <tbody>
          {(made?.correlations ?? []).map(({ cell, correlation }, i) => (
            <tr>
              <td>{i ? <button type="button" onClick={() => (state.cell.value = cell)}>{cell}</button> : `${cell} (this)`}</td>
              <td>{correlation === null ? "–" : correlation.toFixed(2)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Picture({ rows, label }: { rows: number[][] | undefined; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !canvas.current) return;
    const [height, width] = [rows?.length ?? 1, rows?.[0]?.length ?? 1];
    canvas.current.height = height;
    canvas.current.width = width;
    const image = new ImageData(width, height);
    rows?.flat().forEach((grey, i) => image.data.set([grey, grey, grey, 255], 4 * i));
    context.putImageData(image, 0, 0);
  }, [rows]);
  return <canvas ref={canvas} width={60} height={60} role="img" aria-label={label} />;
}
