"""The command that says which segments to label first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurocine.cli.annotate import PANEL
from neurocine.cli.consensus import FolderOption, ResultsArgument
from neurocine.cli.shared import ConfigOption, settings, shown_progress
from neurocine.io.results import collect


def add_to(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(rich_help_panel=PANEL)(queue)


def queue(
    results: ResultsArgument,
    minutes: Annotated[float, typer.Option(min=1, help="How long somebody wants to label.")] = 60.0,
    segment: Annotated[float, typer.Option(min=1, help="Seconds of a segment; 100 frames at least.")] = 20.0,
    also: Annotated[
        list[Path] | None,
        typer.Option(help="Activity of the same ROIs by another model; as often as needed."),
    ] = None,
    folder: FolderOption = None,
    config: ConfigOption = None,
) -> None:
    """Put segments in an order for labelling: first where predictions are unsure or methods disagree.

    `neurocine annotate` then offers them in this order, to everybody.

    Example: `neurocine queue results/mouse1 --minutes 90`
    """
    from neurocine.annotation.journal import Subject
    from neurocine.annotation.queue.files import QUEUE
    from neurocine.annotation.queue.make import Plan, make_queue
    from neurocine.annotation.session import shown_files
    from neurocine.io.result_files import read_activity
    from neurocine.networks.registry import sha256

    chosen = settings(config)
    place = results.resolve()
    files = shown_files(place, chosen.left_out)
    recording = collect(files, place.name)
    out = folder or place.parent.parent / "annotations" / place.name
    subject = Subject(recording.name, str(recording.source["sha256"]), sha256(files["rois"]), "")
    with shown_progress() as progress:
        made = make_queue(
            recording,
            subject,
            out,
            Plan(minutes, segment),
            chosen.evaluation,
            also=[read_activity(path) for path in also or ()],
            progress=progress,
        )
    kinds = [stop.kind for stop in made.stops]
    typer.echo(
        f"{len(kinds)} segments of {len({stop.cell for stop in made.stops})} cells, about "
        f"{sum(stop.seconds for stop in made.stops) / 60:.0f} minutes at {made.seconds_per_decision:.1f} s a "
        f"decision: {kinds.count('ranked')} by doubts, {kinds.count('control')} at random, "
        f"{kinds.count('again')} a second time."
    )
    typer.echo(f"The queue is {out / QUEUE}; neurocine annotate begins with it.")
