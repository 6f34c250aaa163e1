"""Learning curves as a table and a picture."""

from __future__ import annotations

from pathlib import Path

from neurocine.io import tables
from neurocine.io.atomic import atomic_path
from neurocine.training.checkpoint import History


def write_table(path: Path, history: History) -> None:
    """Write one row per epoch as CSV, atomically."""
    tables.write_table(path, history, separator=",")


def read_table(path: Path) -> History:
    """Return the rows of a table that `write_table` wrote."""
    frame = tables.read_table(path, separator=",").astype(float)
    return [dict(zip(frame.columns, row, strict=True)) for row in frame.to_numpy().tolist()]


def write_curves(folder: Path, history: History) -> None:
    """Write ``curves.csv`` and ``curves.png`` into `folder`."""
    from matplotlib.figure import Figure

    write_table(folder / "curves.csv", history)
    epochs = [row["epoch"] for row in history]
    names = [name.removeprefix("val_") for name in history[0] if name.startswith("val_")]
    names.sort(key=lambda name: name != "loss")
    figure = Figure(figsize=(4 * len(names), 3), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for prefix, legend in (("", "training, augmented"), ("val_", "validation")):
            axes.plot(epochs, [row[prefix + name] for row in history], marker=".", label=legend)
        axes.set(xlabel="epoch", ylabel=name.replace("_", " "))
        axes.grid(alpha=0.3)
    figure.axes[0].legend()
    with atomic_path(folder / "curves.png") as part:
        # No time or version in the file: the same curves give the same bytes.
        figure.savefig(part, dpi=100, metadata={"Software": None})
