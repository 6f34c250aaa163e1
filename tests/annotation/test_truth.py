"""The truth that labels give is read by evaluation and training, and counts only where somebody looked."""

from __future__ import annotations

import numpy as np
import pytest

from neurocine.annotation.actions import Edit
from neurocine.annotation.labels import labels_of
from neurocine.annotation.session import Session
from neurocine.annotation.truth import truth_of
from neurocine.core import InputError
from neurocine.io.result_files import read_rois, read_stamp, read_truth


def edit(name: str, cell: int, **changes: object) -> Edit:
    return Edit.model_validate({"kind": "edit", "id": name, "cell": cell, **changes})


def test_labels_become_truth(session: Session) -> None:
    rois = session.results.rois
    a, b, c = (int(roi) for roi in rois.ids[:3])
    session.add(
        [
            edit("1", a, transients={"t": (10, 14), "u": (200, 204)}, looked={"s": (0, 99)}),
            edit("2", a, doubtful={"d": (50, 60)}, movement={"m": (70, 71)}, cell_type="interneuron"),
            edit("3", b, looked={"s": (0, 99)}),
            edit("4", c, looked={"s": (0, 99)}, invalid=True),
        ]
    )
    folder = session.write_truth()
    truth, again = read_truth(folder / "truth.h5"), read_rois(folder / "rois.h5")
    assert truth.ids.tolist() == [a, b]
    assert truth.cell_types == ("interneuron", "")
    assert truth.labelled_by == ("ana",)
    assert [part.tolist() for part in truth.transients(0)] == [[10], [14]]  # nobody looked at frame 200
    left_out = np.flatnonzero(~truth.counted(0)[:100]).tolist()
    assert left_out == [*range(50, 61), 70, 71]
    assert truth.counted(1)[:100].all()
    assert not truth.counted(1)[100:].any()
    assert len(again) == len(rois)
    assert read_stamp(folder / "truth.h5").source_sha256 == session.results.source["sha256"]
    # Beside them the movie, as training reads it; a copy that somebody put there stays.
    link = folder / "movie.h5"
    assert link.samefile(session.results.movie.source)
    assert not link.readlink().is_absolute()
    session.write_truth()
    assert link.is_symlink()
    link.unlink()
    link.write_bytes(b"a copy")
    session.write_truth()
    assert link.read_bytes() == b"a copy"


def test_without_a_finished_segment_there_is_no_truth(session: Session) -> None:
    cell = int(session.results.rois.ids[0])
    session.add([edit("1", cell, transients={"t": (10, 14)})])
    with pytest.raises(InputError, match="none is finished"):
        session.write_truth()


def test_labels_of_a_longer_movie_are_refused(session: Session) -> None:
    cell = int(session.results.rois.ids[0])
    with pytest.raises(InputError, match="300 isn't in the movie"):
        session.add([edit("1", cell, transients={"t": (298, 300)})])
    with pytest.raises(InputError, match="77 isn't an ROI"):
        session.add([edit("1", 77)])
    labels = labels_of([edit("1", cell, transients={"t": (10, 14)}, looked={"s": (0, 99)})])
    with pytest.raises(InputError, match=r"frames 10 to 14.*has 12"):
        truth_of(labels, session.results.rois, 12, ["ana"])
