"""What frames without data do: `python benchmarks/frames_without_data.py OUT [CASE ...]`.

A simulated movie (cortex-6s, seed 11, split test, 1,200 frames) is spoilt in several ways. Each spoilt movie
goes through `neurocine motion`, `segmentation` and, on the true ROIs, `activity`; so does the same movie with
its spoilt frames interpolated by hand. The table gives ROIs, recall of visible transients (d' of 5 and more),
frames found to be without data, valid frames lost, and calls that begin within 8 frames of a spoilt one,
beside the 95 % range of 1,000 random placements. CASE is a function here, such as `shutter`; none: all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from typer.testing import CliRunner

from neurocine.cli.app import app
from neurocine.core.truth import MIN_DPRIME
from neurocine.io.result_files import read_activity, read_movie, read_rois, read_truth
from neurocine.io.tables import write_table

N_FRAMES, NEAR = 1200, 8
STARTS = np.arange(60, N_FRAMES, 95)
Frames = NDArray[np.uint16]


def shutter(frames: Frames) -> NDArray[np.int64]:
    """Close the shutter for five frames, twelve times; return the spoilt frames."""
    spoilt = (STARTS[:, None] + np.arange(5)).ravel()
    frames[spoilt] = 0
    return spoilt


def flashes(frames: Frames) -> NDArray[np.int64]:
    """Saturate twelve single frames."""
    frames[STARTS] = 65535
    return STARTS


def flash(frames: Frames) -> NDArray[np.int64]:
    """Saturate one frame."""
    frames[600] = 65535
    return np.array([600])


def stripe(frames: Frames) -> NDArray[np.int64]:
    """Saturate a third of the rows in twelve frames: stimulation during part of a scan."""
    frames[STARTS, 50:104] = 65535
    return STARTS


def lamp(frames: Frames) -> NDArray[np.int64]:
    """Add light to five frames."""
    spoilt = np.arange(600, 605)
    frames[spoilt] += np.uint16(3 * np.median(frames))
    return spoilt


def blanked(frames: Frames) -> NDArray[np.int64]:
    """Blank the detector for a fifth of the rows in five frames, twelve times; the other rows are valid."""
    spoilt = (STARTS[:, None] + np.arange(5)).ravel()
    frames[spoilt, 64:96] = 0
    return spoilt


def noisy(frames: Frames) -> NDArray[np.int64]:
    """Double the noise of five frames, twelve times."""
    spoilt = (STARTS[:, None] + np.arange(5)).ravel()
    noise = np.abs(np.diff(frames[:200].astype(np.float32), axis=0)).mean(axis=0) / 1.128
    more = np.random.default_rng(0).standard_normal(frames[spoilt].shape) * noise * np.sqrt(3)
    frames[spoilt] = np.clip(np.rint(frames[spoilt] + more), 0, 65535).astype(np.uint16)
    return spoilt


def jerk(frames: Frames) -> NDArray[np.int64]:
    """Move five frames further than registration follows, twelve times, and shear them."""
    spoilt = (STARTS[:, None] + np.arange(5)).ravel()
    for frame in spoilt:
        for row in range(frames.shape[1]):
            frames[frame, row] = np.roll(frames[frame, row], 40 + row // 2)
    return spoilt


def ramp(frames: Frames) -> NDArray[np.int64]:
    """Let light rise over 60 frames and go off at once."""
    spoilt = np.arange(600, 660)
    light = 2 * np.median(frames) * np.linspace(0.02, 1, 60)
    frames[spoilt] += light.astype(np.uint16)[:, None, None]
    return spoilt


def half(frames: Frames) -> NDArray[np.int64]:
    """Halve the brightness of three frames, twelve times."""
    spoilt = (STARTS[:, None] + np.arange(3)).ravel()
    frames[spoilt] //= 2
    return spoilt


def dropped(frames: Frames) -> NDArray[np.int64]:
    """Repeat the frame before in place of two frames, twelve times."""
    spoilt = (STARTS[:, None] + np.arange(2)).ravel()
    for frame in spoilt:
        frames[frame] = frames[frame - 1]
    return spoilt


def room_light(frames: Frames) -> NDArray[np.int64]:
    """Add light to three frames, twelve times."""
    spoilt = (STARTS[:, None] + np.arange(3)).ravel()
    frames[spoilt] += np.uint16(3 * np.median(frames))
    return spoilt


CASES: dict[str, Callable[[Frames], NDArray[np.int64]]] = {
    "one saturated frame": flash,
    "twelve saturated frames": flashes,
    "shutter closed, twelve times five frames": shutter,
    "room light, twelve times three frames": room_light,
    "room light, five frames": lamp,
    "a third of the rows saturated, twelve frames": stripe,
    "a fifth of the rows blanked, twelve times five frames": blanked,
    "noise doubled, twelve times five frames": noisy,
    "a jerk and shear, twelve times five frames": jerk,
    "light rising over 60 frames": ramp,
    "half the brightness, twelve times three frames": half,
    "copies of the frame before, twelve times two frames": dropped,
}


def interpolated(frames: Frames, spoilt: NDArray[np.int64]) -> Frames:
    """Return `frames` with the spoilt ones interpolated linearly between the others."""
    kept = np.setdiff1d(np.arange(len(frames)), spoilt)
    mended = frames.copy()
    for frame in spoilt:
        before, after = kept[kept < frame][-1], kept[kept > frame][0]
        share = (frame - before) / (after - before)
        mended[frame] = np.rint((1 - share) * frames[before] + share * frames[after])
    return mended


def neurocine(*arguments: object) -> None:
    """Run a command."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exit_code:
        sys.exit(f"{arguments}: {done.output} {done.exception}")


def measured(
    name: str, frames: Frames, spoilt: NDArray[np.int64], simulated: Path, out: Path
) -> dict[str, object]:
    """Return the row of a movie."""
    out.mkdir(parents=True, exist_ok=True)
    with h5py.File(out / "raw.h5", "w") as file:
        data = file.create_dataset("m", data=frames, chunks=(32, *frames.shape[1:]))
        data.attrs.update(frame_rate_hz=10.0, pixel_size_um=1.2, indicator="GCaMP6s")
    neurocine("motion", out / "raw.h5", "--out", out / "movie.h5")
    neurocine("segmentation", out / "movie.h5", "--engine", "suite2p", "--out", out / "rois.h5")
    neurocine("activity", out / "movie.h5", simulated / "rois.h5", "--out", out / "activity.h5")
    raster, truth = read_activity(out / "activity.h5"), read_truth(simulated / "truth.h5")
    assert truth.hybrid is not None
    invalid = np.flatnonzero(~read_movie(out / "movie.h5").valid)
    row = {int(roi): i for i, roi in enumerate(raster.ids)}
    visible = np.flatnonzero(truth.hybrid.detectability >= MIN_DPRIME)
    called = [
        raster.active[row[int(truth.roi_id[m])], truth.onset[m] : truth.peak[m] + 1].any() for m in visible
    ]
    onset = raster.transients().onset
    rng = np.random.default_rng(0)
    moved = [near(onset, (spoilt + shift) % N_FRAMES) for shift in rng.integers(0, N_FRAMES, 1000)]
    low, high = np.percentile(moved, [2.5, 97.5]) if len(spoilt) else (0, 0)
    return {
        "movie": name,
        "ROIs": len(read_rois(out / "rois.h5")),
        "recall": round(float(np.mean(called)), 3),
        "frames without data": int(np.isin(spoilt, invalid).sum()),
        "of": len(spoilt),
        "valid frames lost": len(np.setdiff1d(invalid, spoilt)),
        "calls near": near(onset, spoilt),
        "95 % of random placements": f"{low:.0f}-{high:.0f}",
    }


def near(onset: NDArray[np.int64], spoilt: NDArray[np.int64]) -> int:
    """Return how many onsets are within `NEAR` frames of a spoilt one."""
    around = np.zeros(N_FRAMES + 2 * NEAR + 1, dtype=bool)
    for shift in range(2 * NEAR + 1):
        around[spoilt + shift] = True
    return int(around[onset + NEAR].sum())


def main() -> None:
    """Measure all cases and write the table."""
    out = Path(sys.argv[1])
    simulated = out / "simulated"
    if not (simulated / "truth.h5").is_file():
        neurocine("simulate", "--preset", "cortex-6s", "--frames", N_FRAMES, "--seed", 11, "--split", "test",
                  "--out", simulated)  # fmt: skip
    clean = read_movie(simulated / "movie.h5").read(0, N_FRAMES)
    rows = [measured("as it is", clean, np.array([], dtype=np.int64), simulated, out / "clean")]
    for name, spoil in CASES.items():
        if sys.argv[2:] and spoil.__name__ not in sys.argv[2:]:
            continue
        frames = clean.copy()
        spoilt = spoil(frames)
        rows.append(measured(name, frames, spoilt, simulated, out / spoil.__name__))
        by_hand = interpolated(frames, spoilt)
        rows.append(
            measured(f"{name}, by hand", by_hand, spoilt, simulated, out / f"{spoil.__name__}_by_hand")
        )
        write_table(out / "table.tsv", rows)
    for line in (out / "table.tsv").read_text().splitlines():
        print("| " + " | ".join(line.split("\t")) + " |")


if __name__ == "__main__":
    main()
