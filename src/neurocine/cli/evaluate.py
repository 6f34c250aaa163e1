"""Commands that compare results with truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from neurocine.cli.shared import (
    ConfigOption,
    IndicatorOption,
    PixelOption,
    RateOption,
    changed,
    opened,
    settings,
    shown_progress,
)
from neurocine.config import EvaluationSettings
from neurocine.core import InputError, Movie
from neurocine.progress import Progress
from neurocine.steps import result_path

if TYPE_CHECKING:
    from neurocine.evaluation import ActivityEvaluation
    from neurocine.evaluation.segmentation.segmentation_comparison import SegmentationComparison

app = typer.Typer(help="Measure ROIs and activity against truth.", no_args_is_help=True)

JsonOption = Annotated[Path, typer.Option("--json", help="JSON file to write.")]
FovOption = Annotated[
    tuple[int, int] | None,
    typer.Option(metavar="HEIGHT WIDTH", help="Field of view in pixels, if the files lack it."),
]


@app.command()
def segmentation(
    pred: Annotated[
        Path, typer.Argument(metavar="PRED", help="The ROIs found, in any format; {} for a recording's name.")
    ],
    truth: Annotated[
        Path,
        typer.Argument(
            metavar="TRUTH",
            help="The true ROIs, in any format; a folder with truth.h5 and rois.h5, as simulate writes it; "
            "or a folder of such folders, each a recording.",
        ),
    ],
    json: JsonOption,
    also: Annotated[
        list[str] | None, typer.Option(metavar="NAME=PATH", help="ROIs of a baseline; as often as needed.")
    ] = None,
    name: Annotated[str, typer.Option(help="What to call PRED beside its baselines.")] = "found",
    movie: Annotated[
        Path | None, typer.Option(help="Registered movie, for PSNR and pictures, if not TRUTH/movie.h5.")
    ] = None,
    table: Annotated[Path | None, typer.Option(help="Table to write (tab-separated).")] = None,
    page: Annotated[Path | None, typer.Option(help="HTML page to write.")] = None,
    pictures: Annotated[Path | None, typer.Option(help="Folder to write pictures into.")] = None,
    fov: FovOption = None,
    min_iou: Annotated[
        float | None, typer.Option(min=0, max=1, help="Least intersection over union of a match.")
    ] = None,
    frame_rate: RateOption = None,
    pixel_size: PixelOption = None,
    indicator: IndicatorOption = None,
    config: ConfigOption = None,
) -> None:
    """Recall, precision and F1 of ROIs, by IoU alone and with STNeuroNet's containment rule.

    Examples: `neurocine evaluate segmentation rois.h5 truth/rois.h5 --json segmentation.json`,
    `neurocine evaluate segmentation 'found/{}.h5' simulated --also 'suite2p=suite2p/{}.h5' --json s.json
    --page s.html`
    """
    from neurocine.evaluation import evaluate_segmentation
    from neurocine.evaluation.segmentation.graders import opened_pair
    from neurocine.evaluation.segmentation.segmentation_cases import is_marked
    from neurocine.io.documents import write_json

    section = changed(settings(config).evaluation, min_iou=min_iou)
    asked = any(option is not None for option in (also, movie, table, page, pictures)) or is_marked(truth)
    if not asked and not any(truth.glob("truth.h5")) and not any(truth.glob("*/truth.h5")):
        true_rois, rois = opened_pair(truth, pred, fov)
        values = evaluate_segmentation(rois, true_rois, min_iou=section.min_iou).as_dict()
        write_json(json, values)
        Console().print(_scores(values))
        return
    film = None if movie is None else opened(movie, frame_rate, pixel_size, indicator)
    rois_by_method = {name: pred, **_baselines(also or [], name)}
    with shown_progress() as progress:
        comparison = _compared(
            truth,
            rois_by_method,
            film,
            section,
            fov,
            json,
            table=table,
            page=page,
            pictures=pictures,
            progress=progress,
        )
    Console().print(_compared_table(comparison))


@app.command()
def graders(
    truth: Annotated[
        Path, typer.Argument(metavar="FOLDER_TRUTH", help="Folder, or pattern of names, of the true masks.")
    ],
    grader: Annotated[
        Path, typer.Argument(metavar="FOLDER_GRADER", help="The same of a grader; equal numbers are paired.")
    ],
    json: JsonOption,
    fov: FovOption = None,
) -> None:
    """Agreement of a grader with the truth: what a human reaches, and so what an engine can.

    Example: `neurocine evaluate graders 'masks/*FinalGT*' 'masks/*Grader3*' --json grader3.json`
    """
    from neurocine.evaluation.segmentation.graders import evaluate_graders
    from neurocine.io.documents import write_json

    agreement = evaluate_graders(truth, grader, fov_shape=fov)
    values = agreement.as_dict()
    write_json(json, values)
    table = Table(title=f"{values['n']} recordings, F1")
    for column in ("recording", "paper's rule", "IoU alone"):
        table.add_column(column)
    for name, row in values["recordings"].items():
        table.add_row(name, *(f"{row[rule]['f1']:.3f}" for rule in ("containment", "iou")))
    means = [values[rule]["f1"] for rule in ("containment", "iou")]
    table.add_row("mean ± SD", *(_mean_and_sd(value) for value in means))
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
    from neurocine.evaluation import MAIN_METHOD, evaluate_activity, open_activity_case, write_evaluation

    chosen = settings(config)
    given = {"movie": movie, "rois": rois, "celltypes": celltypes}
    if activity.is_dir():
        for name, path in given.items():
            there = activity / result_path(name)
            given[name] = path or (there if there.is_file() else None)
    file = activity / result_path("activity") if activity.is_dir() else activity
    with shown_progress() as progress:
        case = open_activity_case(
            activity.resolve().name if activity.is_dir() else truth.resolve().name,
            truth,
            movie=given["movie"],
            rois=given["rois"],
            activity={MAIN_METHOD: file},
            celltypes=given["celltypes"],
        )
        training = [open_activity_case(str(folder), folder) for folder in train or []]
        result = evaluate_activity(
            [case], chosen.evaluation, training=training, engines=chosen.engines, progress=progress
        )
    write_evaluation(result, json, table=table, page=page, pictures=pictures)
    Console().print(_summary(result))


def _baselines(also: list[str], main: str) -> dict[str, Path]:
    """Return the baselines' files by name."""
    baselines: dict[str, Path] = {}
    for option in also:
        name, _, path = option.partition("=")
        if not name or not path or name in baselines or name == main:
            raise InputError(
                "command line",
                "--also",
                f"is {option!r}",
                "Give NAME=PATH, each name once, as suite2p=rois.h5.",
            )
        baselines[name] = Path(path)
    return baselines


def _compared(
    truth: Path,
    rois_by_method: dict[str, Path],
    movie: Movie | None,
    section: EvaluationSettings,
    fov: tuple[int, int] | None,
    json: Path,
    *,
    table: Path | None,
    page: Path | None,
    pictures: Path | None,
    progress: Progress,
) -> SegmentationComparison:
    """Compare the methods and write what is asked for."""
    from neurocine.evaluation.segmentation.gallery import MAX_PICTURED, picture
    from neurocine.evaluation.segmentation.segmentation_cases import segmentation_cases
    from neurocine.evaluation.segmentation.segmentation_comparison import compare_segmentations
    from neurocine.evaluation.segmentation.segmentation_report import write_segmentation

    cases = segmentation_cases(
        truth, rois_by_method, movie=movie, min_dprime=section.min_dprime, fov_shape=fov
    )
    comparison = compare_segmentations(cases, section, progress=progress)
    drawn = cases[:MAX_PICTURED] if page is not None or pictures is not None else []
    pictured = [picture(case, section, progress) for case in drawn]
    write_segmentation(comparison, json, table=table, page=page, pictures=pictures, pictured=pictured)
    return comparison


def _scores(values: dict[str, Any]) -> Table:
    """Return one method's scores as a table."""
    table = Table(title=f"{values['n_found']} ROIs against {values['n_true']} true ones")
    for column in ("match by", "matched", "recall", "precision", "F1"):
        table.add_column(column)
    for name in ("iou", "containment"):
        row = values[name]
        table.add_row(
            name, str(row["matched"]), *(f"{row[key]:.3f}" for key in ("recall", "precision", "f1"))
        )
    return table


def _compared_table(comparison: SegmentationComparison) -> Table:
    """Return the means over recordings of each method as a table."""
    values = comparison.as_dict()
    visible = sum(row["n_positive"] for row in values["recordings"])
    table = Table(title=f"{visible} neurons, paper's rule; recordings: {len(values['recordings'])}")
    for column in ("method", "recall", "precision", "F1", "F1, IoU alone", "F1, all active neurons"):
        table.add_column(column)
    for name, method in values["methods"].items():
        scores = [method["visible"]["containment"][metric] for metric in ("recall", "precision", "f1")]
        scores += [method["visible"]["iou"]["f1"], method["all"]["containment"]["f1"]]
        table.add_row(name, *(_mean_and_sd(score) for score in scores))
    return table


def _mean_and_sd(score: dict[str, float | None]) -> str:
    return f"{score['mean']:.3f}" if score["sd"] is None else f"{score['mean']:.3f} ± {score['sd']:.3f}"


def _summary(result: ActivityEvaluation) -> Table:
    """Return the medians over active cells of each method as a table."""
    visible: dict[str, Any] = result.visible.as_dict()
    all_transients: dict[str, Any] = result.all_transients.as_dict()
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
        medians.append(all_transients["methods"][name]["active"]["f1"]["median"])
        table.add_row(
            name,
            *("–" if value is None else f"{100 * value:.1f}" for value in medians),
            method["threshold_chosen_on"],
        )
    return table
