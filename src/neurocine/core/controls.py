"""What planted cells and the mirrored movie say of a recording without truth."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A share or a rate, and its 95 % interval; None where nothing was counted.

    `n` is how much it rests on: planted cells, transients, calls or ROIs.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int

    @property
    def known(self) -> bool:
        """Whether anything was counted."""
        return self.value is not None


@dataclass(frozen=True)
class DprimeShare:
    """How many of what has a d' from `low` up to `high` (None: no bound) was found."""

    low: float
    high: float | None
    n: int
    found: int

    @property
    def share(self) -> float | None:
        """Share that was found; None if there is nothing."""
        return self.found / self.n if self.n else None


@dataclass(frozen=True)
class Controls:
    """The controls of one recording.

    Attributes
    ----------
    rounds, cells, silent_cells
        Rounds of planted cells; cells planted in all of them, and how many of these were silent.
    recall
        Share of the planted active neurons that segmentation finds, by the d' of their largest transient;
        empty where the ROIs were given.
    neurons_found
        The same for all of them.
    sensitivity
        Share of the planted transients in which a frame is called active, by d'.
    visible_found
        The same for all transients of d' of at least 5.
    coverage
        Share of the frames of a found transient's rise that are called active, the mean over transients.
    precision
        Share of the calls in planted active cells that touch a planted transient.
    silent_per_min
        Calls a minute in planted silent cells: light of neighbours, of unlisted cells and of neuropil, noise.
    mirrored_per_min
        Calls a minute in the ROIs of the mirrored movie, where the recording is quiet: noise and motion.
    false_masks
        Share of the recording's ROIs that noise, motion and vessels explain; no light that is real.
    false_by_planted
        Share of the recording's calls that are false, by planted cells: false calls a minute in those that
        segmentation finds, over the recording's own calls a minute and ROI.
    false_by_mirror
        The same by the mirrored movie. What a small rise leaves when it is mirrored is called, too; light of
        other cells, which is mirrored with them, isn't.
    """

    rounds: int
    cells: int
    silent_cells: int
    recall: tuple[DprimeShare, ...]
    neurons_found: Estimate
    sensitivity: tuple[DprimeShare, ...]
    visible_found: Estimate
    coverage: Estimate
    precision: Estimate
    silent_per_min: Estimate
    mirrored_per_min: Estimate
    false_masks: Estimate
    false_by_planted: Estimate
    false_by_mirror: Estimate


@dataclass(frozen=True)
class Measure:
    """One of the estimates of `Controls`, in words.

    Attributes
    ----------
    name
        Its field.
    label, meaning
        What it is called, and how it is read.
    rate
        Whether it is a number a minute rather than a share.
    """

    name: str
    label: str
    meaning: str
    rate: bool = False


#: The estimates, in the order in which they are shown.
MEASURES = (
    Measure("neurons_found", "Planted neurons found", "by segmentation; of those that fire"),
    Measure("visible_found", "Clear transients found", "those with a d′ of at least 5"),
    Measure("coverage", "Coverage of rises", "share of a found transient's rise that is called active"),
    Measure("precision", "Precision in planted cells", "share of calls that are planted transients"),
    Measure(
        "silent_per_min",
        "Calls in silent cells",
        "light of neighbours, cells out of focus and neuropil; noise",
        rate=True,
    ),
    Measure(
        "mirrored_per_min",
        "Calls in the mirrored movie",
        "where the recording is quiet: noise, motion, what small rises leave",
        rate=True,
    ),
    Measure(
        "false_by_planted",
        "False calls, by planted cells",
        "share of this recording's calls, estimated by the false calls in planted cells",
    ),
    Measure(
        "false_by_mirror",
        "False calls, by the mirrored movie",
        "the same by the calls in it; where cells overlap much, both miss the truth",
    ),
    Measure(
        "false_masks",
        "False masks",
        "share of ROIs that noise, motion and vessels explain; not cells out of focus",
    ),
)


def sentence(controls: Controls) -> str:
    """Return in plain words what the controls say, with 95 % intervals."""
    parts = []
    found = controls.visible_found
    if found.known:
        parts.append(f"of planted clear transients (d′ of 5 or more), {_percent(found)} are found")
    ways = (("planted cells", controls.false_by_planted), ("the mirrored movie", controls.false_by_mirror))
    false = [f"{_percent(estimate)} by {name}" for name, estimate in ways if estimate.known]
    if false:
        parts.append(f"of this recording's calls, {' and '.join(false)} are estimated to be false")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else "Too little was planted to tell."


def _percent(estimate: Estimate) -> str:
    value, low, high = (round(100 * (v or 0.0)) for v in (estimate.value, estimate.low, estimate.high))
    return f"{value} % ({low} to {high} %)"
