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
    false_transients
        Share of the recording's calls that are false, at least: false calls a minute in planted cells, over
        the recording's own calls a minute and ROI.
    false_transients_most
        The same, at most: false calls a minute in the mirrored movie, over the recording's own. What a small
        rise leaves when it is mirrored is called, too.
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
    false_transients: Estimate
    false_transients_most: Estimate


def sentence(controls: Controls) -> str:
    """Return in plain words what the controls say."""
    parts = []
    if controls.visible_found.value is not None:
        parts.append(
            f"of clear transients (d′ of 5 or more), {_in_ten(controls.visible_found.value)} in 10 are found"
        )
    near_noise = [row for row in controls.sensitivity if row.low == 2.0 and row.n]
    if near_noise:
        parts.append(f"of those twice the noise (d′ of 2 to 3), {_in_ten(near_noise[0].share or 0.0)} in 10")
    least, most = controls.false_transients.value, controls.false_transients_most.value
    if least is not None:
        parts.append(f"{_one_in(least)} calls is false at least")
        if most is not None and most > least:
            parts[-1] += f", {_one_in(most)} at most"
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else "Too little was planted to tell."


def _in_ten(share: float) -> str:
    return f"{round(10 * share)}"


def _one_in(share: float) -> str:
    return f"about 1 in {round(1 / share)}" if share >= 0.002 else "fewer than 1 in 500"
