"""Whole volumes by the microscope's own numbers of frames: planes stay apart where pages are missing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocine.io.movies.layout import Layout

logger = logging.getLogger(__name__)

#: Numbers that begin anew more often than once in so many pages don't count frames.
_LEAST_PAGES = 10


@dataclass(frozen=True)
class Volumes:
    """The whole volumes among stored pages; of one plane, a volume is one frame of all channels.

    Attributes
    ----------
    pages
        Positions of the pages of each volume, (volumes, planes and channels), channels fastest.
    numbers
        Which volume of the recording each is, (volumes,).
    acquisitions
        Which acquisition each is of, (volumes,).
    paused
        How many volumes would have been recorded in the pauses between acquisitions before each, (volumes,).
    n_before, n_after
        Pages before the first whole volume, and after the last, that are left out.
    per_volume
        Pages of a volume, with flyback.
    n_broken
        Volumes of which some pages are there, and others aren't.
    """

    pages: NDArray[np.int64]
    numbers: NDArray[np.int64]
    acquisitions: NDArray[np.int64]
    paused: NDArray[np.int64]
    n_before: int
    n_after: int
    per_volume: int
    n_broken: int

    @property
    def is_regular(self) -> bool:
        """Whether nothing is missing before the last volume: pages alternate from the first one on."""
        n, n_places = self.pages.shape
        expected = self.per_volume * np.arange(n)[:, None] + np.arange(n_places)
        return not self.gaps and self.n_after < self.per_volume and bool((self.pages == expected).all())

    @property
    def n_between(self) -> int:
        """Pages between the first and the last volume that are left out; flyback doesn't count."""
        n, n_places = self.pages.shape
        span = self.pages[-1, -1] - self.pages[0, 0] + 1
        return max(0, int(span - n * n_places - (n - 1) * (self.per_volume - n_places)))

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """The last volume before each gap, and how many are missing in it."""
        missing = np.where(np.diff(self.acquisitions), np.diff(self.paused), np.diff(self.numbers) - 1)
        return [(int(i), int(missing[i])) for i in np.flatnonzero(missing)]


def volumes_by_numbers(numbers: NDArray[np.int64], layout: Layout) -> Volumes | None:
    """Return the whole volumes among pages by their frames' `numbers`, (pages,).

    Numbers count from 1, mostly in steps of 1 (averaged frames in larger ones), and begin anew with each
    acquisition.

    Returns
    -------
    Volumes or None
        None if these numbers don't count the frames of `layout`.
    """
    placed = _slots(numbers, layout)
    return None if placed is None else _volumes(*placed, layout)


def volumes_by_slots(parts: Sequence[NDArray[np.int64]], layout: Layout) -> Volumes | None:
    """Return the whole volumes among the frames of files that tell the place of each, (frames,)."""
    taken: set[int] = set()
    placed, starts, start, last = [], [0], 0, 0
    for slots in parts:
        if not taken.isdisjoint(slots.tolist()):
            # The places of another recording.
            start = (last // layout.per_volume + 1) * layout.per_volume
            starts.append(start // layout.per_volume)
            taken = set()
        taken.update(slots.tolist())
        placed.append(slots + start)
        last = max(last, int(placed[-1].max()))
    return _volumes(np.concatenate(placed), np.array(starts), layout)


def _volumes(slots: NDArray[np.int64], starts: NDArray[np.int64], layout: Layout) -> Volumes | None:
    """Return the whole volumes among frames at `slots`; `starts` are the first ones of acquisitions."""
    volume, place = np.divmod(slots, layout.per_volume)
    n_places = len(layout.channels) * layout.n_planes
    own = np.flatnonzero((slots >= 0) & (place < n_places))
    found, which = np.unique(volume[own], return_inverse=True)
    pages = np.full((len(found), n_places), -1)
    pages[which, place[own]] = own
    whole = (pages >= 0).all(axis=1)
    n_broken = int((~whole).sum())
    if not whole.any():
        # Less than a volume, or no volumes at all.
        nothing = np.empty(0, dtype=np.int64)
        broken = Volumes(pages[whole], nothing, nothing, nothing, 0, 0, layout.per_volume, n_broken)
        return broken if n_broken > 1 else None
    kept = pages[whole]
    n_after = len(slots) - 1 - int(kept[-1, -1]) - (layout.per_volume - n_places)
    acquisitions = np.searchsorted(starts, found[whole], side="right")
    n_before = int(kept[0, 0])
    paused = np.zeros(len(kept), dtype=np.int64)
    return Volumes(
        kept, found[whole], acquisitions, paused, n_before, max(0, n_after), layout.per_volume, n_broken
    )  # fmt: skip


def warn_of_left_out(name: str, volumes: Volumes) -> None:
    """Warn of pages that are left out."""
    if volumes.n_before:
        logger.warning(
            "%s: it begins within a volume: the first %d frames are left out, so that channels and planes "
            "stay apart",
            name, volumes.n_before,
        )  # fmt: skip
    if volumes.n_after:
        logger.warning(
            "%s: the last volume is incomplete and left out: %d of %d frames",
            name, volumes.n_after, volumes.per_volume,
        )  # fmt: skip
    if volumes.n_between:
        logger.warning(
            "%s: %d frames between others are left out: those of incomplete volumes, and those whose number "
            "was there already",
            name, volumes.n_between,
        )  # fmt: skip


def _slots(numbers: NDArray[np.int64], layout: Layout) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return the place in the recording of each page, and the first volume of each acquisition.

    Places count pages; -1 stands for those of no certain place.
    """
    begins = np.flatnonzero(np.append(True, np.diff(numbers) != 0))
    steps = np.diff(numbers[begins])
    if not (steps > 0).any() or (steps < 0).sum() * _LEAST_PAGES > len(numbers):
        return None
    n_sharing = np.diff(np.append(begins, len(numbers)))
    shared, n_channels = _most_common(n_sharing), len(layout.channels)
    if shared not in (1, n_channels, layout.per_volume):
        return None
    frame = (numbers - 1) // _most_common(steps[steps > 0])
    rank = np.arange(len(numbers)) - np.repeat(begins, n_sharing)
    slots = frame * shared + rank
    # Which channel is missing isn't known; of a frame that is stored twice, the first counts.
    slots[(np.repeat(n_sharing, n_sharing) < shared) | (rank >= shared)] = -1
    start, starts = 0, [0]
    for own in np.split(slots, begins[1:][steps < 0]):
        own[own >= 0] += start
        # The next acquisition begins with a whole volume.
        start = (max(int(own.max()), start) // layout.per_volume + 1) * layout.per_volume
        starts.append(start // layout.per_volume)
    return slots, np.array(starts[:-1])


def _most_common(values: NDArray[np.int64]) -> int:
    found, counts = np.unique(values, return_counts=True)
    return int(found[counts.argmax()])
