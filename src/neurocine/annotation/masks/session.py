"""One person who draws masks on one recording, and judges them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from neurocine.annotation.actions import Action, Begin, MaskEdit, Undo
from neurocine.annotation.journal import Subject
from neurocine.annotation.masks.fold import Masks, masks_of, names_of
from neurocine.annotation.masks.proposals import ActivePixels, Proposal, proposals, usual_bound
from neurocine.annotation.masks.result import marked_of, write_marked
from neurocine.annotation.masks.runs import box_of
from neurocine.annotation.masks.views import PICTURES, MaskViews
from neurocine.annotation.session import Pass, check_name
from neurocine.annotation.truth import MASKS
from neurocine.annotation.views import MAX_FRAMES
from neurocine.core import InputError, Movie
from neurocine.io.result_files import Stamp, Summary, read_movie, read_summary
from neurocine.io.results import read_source_record


@dataclass(frozen=True, eq=False)
class RegisteredMovie:
    """What masks are drawn on: the registered movie and its pictures, of one recording."""

    recording: str
    sha256: str
    movie: Movie
    summary: Summary

    @classmethod
    def read(cls, recording: str, movie: Path, source: Path) -> RegisteredMovie:
        """Read the results of the steps ``motion`` and ``ingest``; errors as of their readers."""
        sha256 = str(read_source_record(source)["sha256"])
        return cls(recording, sha256, read_movie(movie), read_summary(movie))


class MaskSession(Pass):
    """A recording and the journal of one person's masks.

    Parameters
    ----------
    registered
        What is drawn on.
    folder
        ``annotations/<recording>``: the journal goes into ``masks`` in it, what it gives into ``<by>``.
    by
        Who draws.
    start
        What the pass begins from, if it is new.
    journals
        Where its journal lies, if not in ``masks``.

    Raises
    ------
    InputError
        If the pass was begun from something else; or as `Pass`.
    """

    is_referee: ClassVar[bool] = False
    remedy: ClassVar[str] = "Leave out --start to go on, or begin a new pass with --as or --out."

    def __init__(
        self, registered: RegisteredMovie, folder: Path, by: str, start: Begin, journals: Path | None = None
    ) -> None:
        check_name(by)
        self.registered, self.views, self._out = (
            registered,
            MaskViews(registered.movie, registered.summary),
            folder / by,
        )
        self._active = ActivePixels(registered.movie, self.views.bin, self.views.lock)
        super().__init__(Subject(registered.recording, registered.sha256, "", by), journals or folder / MASKS)
        self._stack.callback(self._active.stop)
        begun = self.masks.start
        if begun is None:
            super().add([start])
        elif start.start and begun.start_sha256 != start.start_sha256:
            self._stack.close()
            raise InputError(
                self._journal.path,
                "start",
                f"was {begun.start or 'nothing'} as it then was, not {start.start}",
                self.remedy,
            )

    @property
    def masks(self) -> Masks:
        """What has been drawn."""
        return masks_of(self._journal.actions)

    def add(self, actions: Sequence[Action]) -> list[str]:
        """Write actions into the journal; see `Journal.add`.

        Raises
        ------
        InputError
            If one isn't about masks, is about one that never was, or has pixels outside the movie.
        """
        names = names_of(self._journal.actions)
        known = {action.id for action in self._journal.actions}
        for action in actions:
            if action.kind in ("edit", "reveal", "begin"):
                raise InputError("request", "actions", "aren't about masks", "Send those of masks.")
            if isinstance(action, Undo) and action.of == self._journal.actions[0].id:
                raise InputError("request", "undo", "is of the start", "The start stays.")
            if isinstance(action, MaskEdit) and action.id not in known:
                self._check(action, names)
                names |= action.added.keys()
        return super().add(actions)

    def _check(self, edit: MaskEdit, names: set[str]) -> None:
        height, width = self.registered.movie.fov_shape
        for name, runs in (*edit.added.items(), *edit.changed.items()):
            _, _, bottom, right = box_of(runs)
            if bottom > height or right > width:
                raise InputError("request", "runs", f"of mask {name} leave the movie", "Stay inside.")
        for name in edit.added:
            if name in names:
                raise InputError("request", "added", f"{name} was there before", "Give it a new name.")
        unknown = {*edit.changed, *edit.removed, *edit.decided} - names - edit.added.keys()
        if unknown:
            raise InputError("request", "masks", f"{min(unknown)} never was", "Name one that is there.")

    def proposals(self, least: float) -> tuple[float, list[Proposal] | None]:
        """Return which share of the movie has been read for active pixels, and what they propose.

        The first call begins to read; proposals are None until all is read.
        """
        picture = self._active.picture()
        if picture is None:
            return self._active.share, None
        runs = [mask.runs for mask in self.masks.masks.values()]
        return 1.0, proposals(picture, runs, least, self.registered.movie.pixel_size_um)

    def described(self) -> dict[str, Any]:
        """Return what the page needs to begin, as plain values."""
        movie = self.registered.movie
        return {
            **super().described(),
            "page": "masks",
            "is_referee": self.is_referee,
            "n_frames": movie.n_frames,
            "frame_rate_hz": movie.frame_rate_hz,
            "pixel_size_um": movie.pixel_size_um,
            "fov": list(movie.fov_shape),
            "bin": self.views.bin,
            "n_bins": self.views.n_bins,
            "bins_at_once": max(1, MAX_FRAMES // self.views.bin),
            "pictures": list(PICTURES),
            "least_dprime": round(usual_bound(movie, self.views.bin), 1),
        }

    def write_truth(self) -> Path:
        """Write ``masks.h5``, and ``iscell.npy`` for the masks of the start, and return their folder."""
        masks, stamp = self.masks, Stamp(source_sha256=self.registered.sha256)
        write_marked(self._out, masks, marked_of(masks, self.registered.movie.fov_shape, self.by), stamp)
        return self._out
