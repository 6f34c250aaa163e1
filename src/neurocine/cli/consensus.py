"""Commands for several people who labelled one recording."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from neurocine.cli.annotate import AsOption, HostOption, JpegOption, PortOption, PrefixOption
from neurocine.cli.shared import ConfigOption, settings
from neurocine.io.results import collect

if TYPE_CHECKING:
    from neurocine.annotation.consensus.agreement import PairAgreement
    from neurocine.annotation.consensus.cells import CellsAgreement
    from neurocine.annotation.consensus.files import Panel
    from neurocine.annotation.masks.consensus import MaskPanel

PANEL = "Files"

ResultsArgument = Annotated[Path, typer.Argument(help="The results of one recording: results/NAME.")]
ExpertOption = Annotated[
    list[str] | None,
    typer.Option("--expert", help="Who takes part; as often as needed. By default everybody."),
]
ShareOption = Annotated[
    float,
    typer.Option(min=0.01, max=1, help="Share of those who looked that must have marked a transient."),
]
ToleranceOption = Annotated[
    float, typer.Option(min=0, help="Seconds that may lie between two marks of one transient.")
]
MasksOption = Annotated[bool, typer.Option("--masks", help="Compare masks, by intersection over union.")]
IouOption = Annotated[
    float,
    typer.Option(min=0.01, max=1, help="With --masks: least intersection over union of masks of a neuron."),
]
FolderOption = Annotated[
    Path | None,
    typer.Option("--in", help="Folder of the journals; by default annotations/NAME beside the results."),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command(rich_help_panel=PANEL)(consensus)
    app.command(rich_help_panel=PANEL)(referee)


def consensus(
    results: ResultsArgument,
    experts: ExpertOption = None,
    share: ShareOption = 1.0,
    tolerance: ToleranceOption = 0.1,
    referee: Annotated[
        str, typer.Option(help="Whose decisions count; by default those of the only referee.")
    ] = "",
    masks: MasksOption = False,
    min_iou: IouOption = 0.5,
    folder: FolderOption = None,
    config: ConfigOption = None,
) -> None:
    """Compare the people who labelled a recording, and write what they agree on as truth.

    Examples: `neurocine consensus results/mouse1`, `neurocine consensus results/mouse1 --masks`
    """
    if masks:
        drawn = _mask_panel(results, experts, share, min_iou, folder, config)
        marked = drawn.write(referee)
        Console().print(_mask_table(drawn))
        typer.echo(
            f"{len(marked.kept)} masks are agreed on or kept by a referee, {len(marked.unsettled)} are open "
            "(they count neither way until `neurocine referee --masks` settles them)."
        )
        typer.echo(f"masks.h5 and agreement_masks.json are in {drawn.out}")
        return
    panel = _panel(results, experts, share, tolerance, folder, config)
    made = panel.write(referee)
    Console().print(_table(panel.all_agreements()))
    Console().print(_table_of_cells(panel.of_cells()))
    if disputed := panel.disputed_cells():
        typer.echo(f"Some call these invalid, and others don't: ROI {', '.join(map(str, disputed))}")
    typer.echo(
        f"{made.n_agreed} transients are agreed on, {made.n_decided} decided by a referee, "
        f"{made.n_open} open (doubtful until `neurocine referee` settles them)."
    )
    typer.echo(f"Truth and agreement are in {panel.out}")


def referee(
    results: ResultsArgument,
    by: AsOption = "",
    experts: ExpertOption = None,
    share: ShareOption = 1.0,
    tolerance: ToleranceOption = 0.1,
    masks: MasksOption = False,
    min_iou: IouOption = 0.5,
    folder: FolderOption = None,
    port: PortOption = None,
    allow_host: HostOption = None,
    prefix: PrefixOption = "",
    jpeg: JpegOption = False,
    config: ConfigOption = None,
) -> None:
    """Decide in the browser what others disagree on, without learning who said what.

    Options that tell how people are compared must be those given to `neurocine consensus`.

    Examples: `neurocine referee results/mouse1 --as dora`,
    `neurocine referee results/mouse1 --as dora --masks`
    """
    from neurocine.annotation.consensus.referee import RefereeSession
    from neurocine.annotation.fine_tuning import FineTuning
    from neurocine.annotation.launch import serve
    from neurocine.annotation.session import shown_files

    hosts = allow_host or ()
    if masks:
        from neurocine.annotation.masks.referee import MaskRefereeSession

        drawn = _mask_panel(results, experts, share, min_iou, folder, config)
        with MaskRefereeSession(drawn, by or getpass.getuser()) as judging:
            serve(judging, port=port, allow_hosts=hosts, prefix=prefix, jpeg=jpeg, say=typer.echo)
        return
    panel = _panel(results, experts, share, tolerance, folder, config)
    chosen = settings(config)
    rois = shown_files(results.resolve(), chosen.left_out)["rois"]
    tuning = FineTuning(chosen.training.fine_tune, config, results.resolve().parent / "training" / "corpus")
    with RefereeSession(panel, rois, by or getpass.getuser(), tuning) as session:
        serve(session, port=port, allow_hosts=hosts, prefix=prefix, jpeg=jpeg, say=typer.echo)


def _panel(
    results: Path,
    experts: list[str] | None,
    share: float,
    tolerance: float,
    folder: Path | None,
    config: Path | None,
) -> Panel:
    """Return the people that the options name."""
    from neurocine.annotation.consensus.files import Panel

    files, journals = _places(results, folder, config)
    return Panel.read(
        collect(files, results.resolve().name),
        files["rois"],
        journals,
        names=experts or (),
        share=share,
        tolerance_s=tolerance,
    )


def _mask_panel(
    results: Path,
    experts: list[str] | None,
    share: float,
    min_iou: float,
    folder: Path | None,
    config: Path | None,
) -> MaskPanel:
    """Return the people that the options name."""
    from neurocine.annotation.masks.consensus import MaskPanel
    from neurocine.annotation.masks.session import RegisteredMovie

    files, journals = _places(results, folder, config)
    registered = RegisteredMovie.read(results.resolve().name, files["movie"], files["source"])
    return MaskPanel.read(registered, journals, experts or (), share, min_iou)


def _places(results: Path, folder: Path | None, config: Path | None) -> tuple[dict[str, Path], Path]:
    """Return the files of the results that are looked at, and the folder of the journals."""
    from neurocine.annotation.session import shown_files

    place = results.resolve()
    files = shown_files(place, settings(config).left_out)
    return files, folder or place.parent.parent / "annotations" / place.name


def _mask_table(panel: MaskPanel) -> Table:
    """Return how well the masks of each two people agree."""
    table = Table(title=f"Kept masks, matched at an IoU of {panel.min_iou:g} or more")
    for column in ("first", "second", "masks", "F1", "recall", "precision", "mean IoU"):
        table.add_column(column)
    for (first, second), made in panel.agreements().items():
        score = made.iou
        figures = (score.f1, score.recall, score.precision, score.mean_iou)
        table.add_row(
            first, second, f"{score.n_true}, {score.n_found}", *(f"{figure:.2f}" for figure in figures)
        )
    return table


def _table(pairs: list[PairAgreement]) -> Table:
    """Return the agreement of each pair as a table that fits into 80 columns."""
    table = Table(title="Agreement; below it the 95 % interval over cells")
    for column in ("first, second", "cells", "marks", "F1", "sens.", "prec.", "κ"):
        table.add_column(column)
    for pair in pairs:
        values = pair.values()
        table.add_row(
            f"{pair.first}, {pair.second}",
            str(values["cells"]),
            str(values["both"] + values["only_first"] + values["only_second"]),
            *(_measure(values[name]) for name in ("f1", "sensitivity", "precision", "kappa_candidates")),
        )
    return table


def _table_of_cells(pairs: list[CellsAgreement]) -> Table:
    """Return how well each pair agrees on whole cells."""
    table = Table(title="Whole cells: which are invalid, and of which type the others are")
    for column in ("first, second", "cells", "invalid: both, one", "κ", "typed", "alike", "κ"):
        table.add_column(column)
    for pair in pairs:
        values = pair.values()
        one = values["invalid_only_first"] + values["invalid_only_second"]
        table.add_row(
            f"{pair.first}, {pair.second}",
            str(values["cells"]),
            f"{values['invalid_both']}, {one}",
            _measure(values["kappa_invalid"]),
            str(values["typed"]),
            str(values["same_type"]),
            _measure(values["kappa_types"]),
        )
    return table


def _measure(measure: dict[str, Any]) -> str:
    value, interval = measure["value"], measure["interval"]
    if value is None:
        return "–"
    return f"{value:.2f}" + (f"\n{interval[0]:.2f} {interval[1]:.2f}" if interval else "")
