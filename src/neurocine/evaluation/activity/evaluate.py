"""Compare activity and cell types of recordings with truth, and with baselines that see only the traces."""

from __future__ import annotations

from collections.abc import Iterable

from neurocine.config import EnginesSettings, EvaluationSettings
from neurocine.config.engines import BASELINES
from neurocine.core import InputError
from neurocine.evaluation.activity.activity_cases import ActivityCase
from neurocine.evaluation.activity.activity_evaluation import ActivityEvaluation, EvaluatedRecording
from neurocine.evaluation.activity.baselines import UNITS, key
from neurocine.evaluation.activity.criterion import Criterion
from neurocine.evaluation.activity.evaluated_cells import MeasuredActivity, measure_activity
from neurocine.evaluation.activity.experts import thresholds_of
from neurocine.evaluation.activity.rejection import rejection
from neurocine.evaluation.activity.thresholds import Threshold, choose_threshold
from neurocine.evaluation.celltypes import evaluate_types
from neurocine.progress import Progress, silent


def evaluate_activity(
    cases: Iterable[ActivityCase],
    settings: EvaluationSettings,
    *,
    training: Iterable[ActivityCase] = (),
    note: str = "",
    engines: EnginesSettings | None = None,
    progress: Progress = silent,
) -> ActivityEvaluation:
    """Evaluate activity (DeepCINAC, section 2.6) of `cases`, beside baselines and people on the same cells.

    Parameters
    ----------
    cases
        Recordings with truth and activity; all with the same methods, but perhaps labelled by other people.
    settings
        Matching, overlap and groups of cells, the least d' of a visible transient, and the baselines.
    training
        Other recordings with truth, on whose active cells the thresholds of the baselines are chosen. Without
        any, they are chosen on the evaluated cells, which favours the baselines; the result says so.
    note
        A remark on the recordings, for readers.
    engines
        How baselines in environments of their own are run; by default as in the config.
    progress
        Called with the number of frames read.

    Raises
    ------
    InputError
        If there are no cases, a recording is both trained and evaluated on, or methods or their thresholds
        differ between recordings.
    """
    evaluated: list[MeasuredActivity] = []
    thresholds: dict[str, Threshold] = {}
    people: dict[str, Threshold] = {}
    for case in cases:
        thresholds = _given(case, thresholds if evaluated else None)
        people |= thresholds_of(case)
        evaluated.append(measure_activity(case, settings, engines=engines, progress=progress))
    if not evaluated:
        remedy = "Name folders with truth.h5, as `neurocine simulate` writes, in the column ground_truth."
        raise InputError("recordings", "ground_truth", "there is none to evaluate", remedy)
    trained = [
        measure_activity(case, settings, overlap=False, engines=engines, progress=progress)
        for case in training
    ]
    both = sorted({m.name for m in trained} & {m.name for m in evaluated})
    if both:
        raise InputError("evaluation", "split", f"{both[0]} is in both", "Train and test on other movies.")
    skipped = {name: why for m in (*evaluated, *trained) for name, why in m.skipped.items()}
    baselines = [name for name in settings.baselines if name not in skipped]
    cells = tuple(cell for m in evaluated for cell in m.cells)
    tests = [m.overlap for m in evaluated]

    def criterion(min_dprime: float) -> Criterion:
        chosen = {name: _chosen(name, min_dprime, trained, evaluated) for name in baselines}
        methods = {**thresholds, **chosen}
        return Criterion(
            min_dprime, cells, {**methods, **people}, rejection(tests, methods), settings.snr_edges
        )

    called = [(c.cell_type, c.called_type) for c in cells if c.called_type is not None and c.cell_type]
    return ActivityEvaluation(
        recordings=tuple(EvaluatedRecording(m.name, m.score) for m in evaluated),
        training=tuple(m.name for m in trained),
        visible=criterion(settings.min_dprime),
        all_transients=criterion(0.0),
        types=evaluate_types([a for a, _ in called], [b for _, b in called]) if called else None,
        skipped=skipped,
        note=note,
    )


def _given(case: ActivityCase, before: dict[str, Threshold] | None) -> dict[str, Threshold]:
    """Return the thresholds that come with the methods of `case`; they must equal those `before`."""
    if not case.rasters:
        raise InputError(case.name, "activity", "there is none", "Run the step activity on this recording.")
    clash = set(case.rasters) & set(BASELINES)
    if clash:
        raise InputError(case.name, "method", f"{min(clash)!r} is a baseline's name", "Give another name.")
    own = {name: Threshold(raster.threshold, name, "given") for name, raster in case.rasters.items()}
    if before is not None and own != before:
        raise InputError(
            case.name,
            "methods",
            f"{own} differ from those of the recordings before: {before}",
            "Evaluate recordings whose activity was made alike.",
        )
    return own


def _chosen(
    name: str, min_dprime: float, trained: list[MeasuredActivity], evaluated: list[MeasuredActivity]
) -> Threshold:
    """Return the unit and threshold that are best for a baseline on the active cells of training recordings.

    Without any, those that are best on the evaluated active cells. Active cells are the neurons with a true
    transient of a detectability of `min_dprime` or more: those that the main figures are of.
    """
    for chosen_on, measured in (("train", trained), ("evaluated", evaluated)):
        counted = [cell.at_least(min_dprime) for m in measured for cell in m.cells if cell.is_neuron]
        active = [cell for cell in counted if cell.is_active]
        if active:
            signals = [key(name, unit) for unit in UNITS]
            best, signal = max(
                (choose_threshold([cell.transients[signal] for cell in active]), signal) for signal in signals
            )
            return Threshold(best.value, signal, chosen_on)
    return Threshold(0.0, key(name, UNITS[0]), "nothing: no matched cell is active")
