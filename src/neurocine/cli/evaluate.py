"""Commands that measure results against truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from neurocine.cli.shared import ConfigOption, settings, shown_progress
from neurocine.core import InputError, RoiSet
from neurocine.io.results import RESULT_FILES

if TYPE_CHECKING:
    from neurocine.evaluation import ActivityEvaluation

app = typer.Typer(help="Measure ROIs and activity against truth.", no_args_is_help=True)

JsonOption = Annotated[Path, typer.Option("--json", help="JSON file to write.")]


@app.command()
def segmentation(
    pred: Annotated[Path, typer.Argument(metavar="PRED", help="The ROIs found, in any format.")],
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="The true ROIs, in any format.")],
    json: JsonOption,
    fov: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="HEIGHT WIDTH", help="Field of view in pixels, if the files lack it."),
    ] = None,
    min_iou: Annotated[
        float, typer.Option(min=0, max=1, help="Least intersection over union of a match.")
    ] = 0.5,
) -> None:
    """Recall, precision and F1 of ROIs, by IoU alone and with STNeuroNet's containment rule.

    Example: `neurocine evaluate segmentation rois.h5 truth/rois.h5 --json segmentation.json`
    """
    from neurocine.evaluation import evaluate_segmentation, write_json

    found = evaluate_segmentation(*_opened(pred, truth, fov), min_iou=min_iou)
    values = found.as_dict()
    write_json(json, values)
    table = Table(title=f"{values['n_found']} ROIs against {values['n_true']} true ones")
    for column in ("match by", "matched", "recall", "precision", "F1"):
        table.add_column(column)
    for name in ("iou", "containment"):
        row = values[name]
        table.add_row(
            name, str(row["matched"]), *(f"{row[key]:.3f}" for key in ("recall", "precision", "f1"))
        )
    Console().print(table)


@app.command()
def activity(
    activity: Annotated[
        Path, typer.Argument(metavar="ACTIVITY", help="activity.h5, or the results folder of a recording.")
    ],
    truth: Annotated[
        Path, typer.Argument(metavar="TRUTH", help="Folder with truth.h5 and rois.h5, as simulate writes it.")
    ],
    json: JsonOption,
    movie: Annotated[
        Path | None, typer.Option(help="Registered movie, if not TRUTH/movie.h5 or in the results folder.")
    ] = None,
    rois: Annotated[
        Path | None, typer.Option(help="ROIs of the activity, if not TRUTH/rois.h5 or in the results folder.")
    ] = None,
    celltypes: Annotated[Path | None, typer.Option(help="Table of cell types, to be judged too.")] = None,
    train: Annotated[
        list[Path] | None,
        typer.Option(
            help="Other folders like TRUTH, on which the deconvolutions get their thresholds. Without, they "
            "get those that are best on these very cells."
        ),
    ] = None,
    table: Annotated[Path | None, typer.Option(help="Table of cells to write (tab-separated).")] = None,
    page: Annotated[Path | None, typer.Option(help="HTML page to write.")] = None,
    pictures: Annotated[Path | None, typer.Option(help="Folder to write pictures into.")] = None,
    config: ConfigOption = None,
) -> None:
    """Sensitivity, precision, F1 and coverage of activity, beside deconvolutions of the same traces.

    Examples: `neurocine evaluate activity activity.h5 simulated/7 --json activity.json`,
    `neurocine evaluate activity results/mouse simulated/7 --json activity.json --page activity.html`
    """
    from neurocine.evaluation import MAIN_METHOD, evaluate_activity, open_case, write_evaluation

    section = settings(config).evaluation
    given = {"motion": movie, "active": rois, "celltype": celltypes}
    if activity.is_dir():
        for step, path in given.items():
            there = activity / RESULT_FILES[step]
            given[step] = path or (there if there.is_file() else None)
    file = activity / RESULT_FILES["activity"] if activity.is_dir() else activity
    with shown_progress() as progress:
        case = open_case(
            activity.resolve().name if activity.is_dir() else truth.resolve().name,
            truth,
            movie=given["motion"],
            rois=given["active"],
            activity={MAIN_METHOD: file},
            celltypes=given["celltype"],
        )
        training = [open_case(str(folder), folder) for folder in train or []]
        result = evaluate_activity([case], section, training=training, progress=progress)
    write_evaluation(result, json, table=table, page=page, pictures=pictures)
    Console().print(_summary(result))


def _opened(pred: Path, truth: Path, fov: tuple[int, int] | None) -> tuple[RoiSet, RoiSet]:
    """Return the ROIs found and the true ones; where one file lacks the field of view, the other tells."""
    from neurocine.io.rois import open_rois

    try:
        true_rois = open_rois(truth, fov_shape=fov)
    except InputError as error:
        if error.field != "fov_shape" or fov is not None:
            raise
        found = open_rois(pred)
        return found, open_rois(truth, fov_shape=found.fov_shape)
    return open_rois(pred, fov_shape=true_rois.fov_shape), true_rois


def _summary(result: ActivityEvaluation) -> Table:
    """Return the medians over active cells of each method as a table."""
    visible: dict[str, Any] = result.visible.as_dict()
    every: dict[str, Any] = result.every.as_dict()
    table = Table(
        title=f"{visible['n_active']} active cells, medians in %; {visible['n_transients']} visible and "
        f"{visible['n_doubtful']} doubtful transients"
    )
    columns = (
        "method",
        "sensitivity",
        "precision",
        "F1",
        "rise active",
        "F1, all transients",
        "threshold on",
    )
    for column in columns:
        table.add_column(column)
    for name, method in visible["methods"].items():
        figures = method["active"]
        medians = [figures[metric]["median"] for metric in ("sensitivity", "precision", "f1")]
        medians.append(figures["coverage"]["transients"]["median"])
        medians.append(every["methods"][name]["active"]["f1"]["median"])
        table.add_row(
            name,
            *("–" if value is None else f"{100 * value:.1f}" for value in medians),
            method["threshold_chosen_on"],
        )
    return table
