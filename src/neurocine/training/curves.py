"""Learning curves as a table and a picture."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from neurocine.io.atomic import atomic_path, write_text
from neurocine.training.checkpoint import History


def write_table(path: Path, history: History) -> None:
    """Write one row an epoch as CSV, atomically."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows([{name: f"{value:.6g}" for name, value in row.items()} for row in history])
    write_text(path, text.getvalue())


def read_table(path: Path) -> History:
    """Return the rows of a table that `write_table` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


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
