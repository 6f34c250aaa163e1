"""What several people agree on who drew masks on one recording: masks are compared by IoU.

As STNeuroNet's graders did it (Soltanian-Zadeh et al. 2019, "ABO Dataset and Labeling"): masks that match are
neurons; of the others a referee, who doesn't learn who drew them, says which are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from neurocine.annotation.actions import Runs
from neurocine.annotation.consensus.pairing import grouped
from neurocine.annotation.journal import SUFFIX, read_journal
from neurocine.annotation.masks.fold import Mask, Masks, masks_of
from neurocine.annotation.masks.runs import rois_of_runs
from neurocine.annotation.masks.session import RegisteredMovie
from neurocine.annotation.truth import CONSENSUS, MASKS
from neurocine.core import InputError, RoiSet
from neurocine.core.marked import DISMISS, DOUBTFUL, KEEP, MarkedRois
from neurocine.core.matching import MIN_IOU, iou_pairs
from neurocine.evaluation.segmentation.scoring import SegmentationEvaluation, evaluate_segmentation
from neurocine.io.documents import write_json
from neurocine.io.result_files import Stamp, write_masks

#: Version of the layout of ``agreement_masks.json``.
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class SharedMask:
    """What one or more people drew as one neuron.

    Attributes
    ----------
    drawn
        Who drew it, and how.
    runs
        Pixels of the mask that overlaps best with those of the others; of two masks, that of the first name.
    """

    drawn: Mapping[str, Runs]
    runs: Runs


@dataclass(frozen=True)
class MaskPanel:
    """The people who drew masks on one recording, and how they are compared.

    Attributes
    ----------
    registered
        What they drew on.
    folder
        ``annotations/<recording>``.
    people
        What each drew.
    share
        Least share of them that must have kept a mask.
    min_iou
        Least intersection over union of two masks of one neuron.
    """

    registered: RegisteredMovie
    folder: Path
    people: Mapping[str, Masks]
    share: float = 1.0
    min_iou: float = MIN_IOU

    @classmethod
    def read(
        cls,
        registered: RegisteredMovie,
        folder: Path,
        names: Sequence[str] = (),
        share: float = 1.0,
        min_iou: float = MIN_IOU,
    ) -> MaskPanel:
        """Read what people drew; by default everybody.

        Raises
        ------
        InputError
            If there are fewer than two, a pass is open, or somebody drew on another movie.
        """
        journals = {
            path.name.removesuffix(SUFFIX): path for path in sorted((folder / MASKS).glob(f"*{SUFFIX}"))
        }
        missing = sorted(set(names) - journals.keys())
        chosen = list(names) or list(journals)
        if missing or len(chosen) < 2:
            raise InputError(
                folder / MASKS,
                "experts",
                f"{missing[0]} drew no masks" if missing else f"there are {len(chosen)}",
                f"Let two people or more draw masks; there are: {', '.join(journals) or 'none'}.",
            )
        people = {name: _closed(journals[name], registered) for name in sorted(chosen)}
        return cls(registered, folder, people, share, min_iou)

    @property
    def out(self) -> Path:
        """Where the consensus goes."""
        return self.folder / CONSENSUS

    @property
    def journals(self) -> Path:
        """Where the journals of referees lie."""
        return self.folder / MASKS / CONSENSUS

    def shared(self, *states: str) -> list[SharedMask]:
        """Return the masks that at least one person holds for a neuron, or has in one of `states`.

        They are in the order of their first pixels.
        """
        drawn = [
            (name, mask.runs) for name, own in self.people.items() for mask in having(own, *states or (KEEP,))
        ]
        names = [name for name, _ in drawn]
        rois = self._rois([runs for _, runs in drawn])
        iou = {
            (i, j): value for i, j, value in zip(*map(np.ndarray.tolist, iou_pairs(rois, rois)), strict=True)
        }
        near = sorted(
            (1 - value, i, j)
            for (i, j), value in iou.items()
            if i < j and names[i] != names[j] and value >= self.min_iou
        )
        made = []
        for members in grouped(names, [(i, j) for _, i, j in near]):
            best = max(members, key=lambda i: sum(iou[i, j] for j in members))
            made.append(SharedMask({names[i]: drawn[i][1] for i in members}, drawn[best][1]))
        return sorted(made, key=lambda one: one.runs[0])

    def doubted(self) -> list[SharedMask]:
        """Return the masks that people found doubtful or left undecided, and that nobody else kept."""
        doubted, kept = self.shared(DOUBTFUL, ""), self.shared()
        near, _, iou = iou_pairs(
            self._rois([one.runs for one in doubted]), self._rois([one.runs for one in kept])
        )
        known = set(near[iou >= self.min_iou].tolist())
        return [one for i, one in enumerate(doubted) if i not in known]

    def is_agreed(self, one: SharedMask) -> bool:
        """Return whether enough people drew a mask; a share such as 2/3 may be given as .667."""
        return len(one.drawn) >= self.share * len(self.people) - 0.01

    def disputed(self) -> list[SharedMask]:
        """Return the masks on which people don't agree."""
        return [one for one in self.shared() if not self.is_agreed(one)]

    def agreements(self) -> dict[tuple[str, str], SegmentationEvaluation]:
        """Return how well the kept masks of each two people agree, the first ones taken for true."""
        rois = {
            name: self._rois([mask.runs for mask in having(own, KEEP)]) for name, own in self.people.items()
        }
        return {
            (first, second): evaluate_segmentation(rois[second], rois[first], min_iou=self.min_iou)
            for first, second in combinations(rois, 2)
        }

    def _rois(self, masks: Sequence[Runs]) -> RoiSet:
        return rois_of_runs(self.registered.movie.fov_shape, dict(enumerate(masks)))

    def write(self, referee: str = "") -> MarkedRois:
        """Write ``masks.h5`` and ``agreement_masks.json``, and return the masks.

        Agreed masks, and those that the referee kept, are neurons. What isn't decided is doubtful, as is what
        is doubtful to somebody and kept by nobody.

        Parameters
        ----------
        referee
            Whose decisions count; by default those of the only one there is, if any.

        Raises
        ------
        InputError
            If there are several referees and none is named, or nobody of this name.
        """
        decided, by = self._decisions(referee)
        kept, doubted = self.shared(), self.doubted()
        states = [KEEP if self.is_agreed(one) else decided.get(one.runs, DOUBTFUL) for one in kept]
        rois = self._rois([one.runs for one in (*kept, *doubted)])
        starts = [own.start for own in self.people.values() if own.start is not None]
        begun = sorted({start.start for start in starts})
        marked = MarkedRois(
            rois,
            (*states, *[DOUBTFUL] * len(doubted)),
            ", ".join(filter(None, begun)),
            ", ".join(filter(None, sorted({start.start_sha256 for start in starts}))),
            (*self.people, *by),
        )
        self.out.mkdir(parents=True, exist_ok=True)
        write_masks(self.out / "masks.h5", marked, Stamp(source_sha256=self.registered.sha256))
        write_json(self.out / "agreement_masks.json", self._values(marked))
        return marked

    def _values(self, marked: MarkedRois) -> dict[str, Any]:
        """Return the agreement as plain values."""
        return {
            "schema_version": SCHEMA_VERSION,
            "recording": self.registered.recording,
            "min_iou": self.min_iou,
            "share": self.share,
            "started_from": {name: own.start.start if own.start else "" for name, own in self.people.items()},
            "marked_by": list(marked.marked_by),
            "states": {state: int(marked.having(state).sum()) for state in (KEEP, DISMISS, DOUBTFUL)},
            "pairs": [
                {"first": first, "second": second, **made.as_dict()}
                for (first, second), made in self.agreements().items()
            ],
        }

    def _decisions(self, referee: str) -> tuple[dict[Runs, str], list[str]]:
        """Return what the referee decided on each disputed mask, and who that is."""
        journals = {path.name.removesuffix(SUFFIX): path for path in sorted(self.journals.glob(f"*{SUFFIX}"))}
        if (len(journals) > 1 and not referee) or (referee and referee not in journals):
            raise InputError(
                self.journals,
                "referee",
                f"there are {', '.join(journals) or 'none'}",
                "Name one of them with --referee.",
            )
        chosen = [referee] if referee else list(journals)
        if not chosen:
            return {}, []
        masks = masks_of(read_journal(journals[chosen[0]])[1])
        asked = masks.start.masks if masks.start else {}
        return {
            one.runs: masks.masks[str(i)].state
            for i, one in asked.items()
            if str(i) in masks.masks and masks.masks[str(i)].state
        }, chosen


def having(masks: Masks, *states: str) -> list[Mask]:
    """Return the masks in one of `states`, by number."""
    return sorted((one for one in masks.masks.values() if one.state in states), key=lambda one: one.id)


def _closed(path: Path, registered: RegisteredMovie) -> Masks:
    known, actions = read_journal(path)
    masks = masks_of(actions)
    if known.movie_sha256 != registered.sha256:
        raise InputError(
            path, "movie", "isn't what the results are of", "Name the people who drew on these results."
        )
    if not masks.closed:
        raise InputError(
            path,
            "pass",
            "is still open: nobody sees others' masks before",
            "Close it in the browser, or name the others with --expert.",
        )
    return masks
