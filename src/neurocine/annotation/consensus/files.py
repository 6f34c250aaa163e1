"""What `neurocine consensus` writes into ``annotations/<recording>/consensus``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neurocine.annotation.consensus.agreement import CANDIDATE_SIGMA, PairAgreement, pair_agreements
from neurocine.annotation.consensus.cells import CELL_COLUMNS, CellsAgreement, cells_agreements
from neurocine.annotation.consensus.experts import INVALID, Experts, read_experts
from neurocine.annotation.consensus.truth import Consensus, NothingShared, consensus_of
from neurocine.annotation.consensus.verdicts import (
    MIN_EXPERTS,
    Decision,
    Question,
    Rule,
    Verdict,
    decisions,
    verdicts,
)
from neurocine.annotation.journal import SUFFIX, Subject, read_journal
from neurocine.annotation.labels import labels_of
from neurocine.annotation.truth import CONSENSUS, write_labelled
from neurocine.core import InputError
from neurocine.io.documents import write_json
from neurocine.io.result_files import Stamp, write_truth
from neurocine.io.results import RecordingResults
from neurocine.io.tables import write_table
from neurocine.networks.registry import sha256
from neurocine.traces.transients import rises

#: Version of the layout of ``agreement.json``.
SCHEMA_VERSION = 2
#: What all but one agree on, as a person to compare that one with; nobody's name has a space.
OTHERS = "the others"
CANDIDATE_RULE = (
    f"putative transients of the raw trace whose rise is over {CANDIDATE_SIGMA:g} SD of its noise, and what "
    "somebody marked where there is none"
)


@dataclass(frozen=True, eq=False)
class Panel:
    """The people who labelled one recording, and how they are compared.

    Attributes
    ----------
    results
        The recording.
    folder
        ``annotations/<recording>``.
    experts
        What each holds for true.
    share
        Least share of them that must have marked a transient.
    tolerance_s
        Seconds that may lie between two marks of one transient.
    """

    results: RecordingResults
    folder: Path
    experts: Experts
    share: float
    tolerance_s: float

    @classmethod
    def read(
        cls,
        results: RecordingResults,
        rois_file: Path,
        folder: Path,
        *,
        names: Sequence[str] = (),
        share: float = 1.0,
        tolerance_s: float = 0.1,
    ) -> Panel:
        """Read what people labelled; errors as of `read_experts`."""
        subject = Subject(results.name, str(results.source["sha256"]), sha256(rois_file), "")
        movie = results.movie
        experts = read_experts(folder, results.rois, subject, movie.n_frames, movie.frame_rate_hz, names)
        return cls(results, folder, experts, share, tolerance_s)

    @property
    def rule(self) -> Rule:
        """When people agree; any part of a frame of tolerance is a whole one."""
        frames = self.tolerance_s * self.experts.frame_rate_hz
        return Rule(self.share, -int(-round(frames, 6) // 1))

    @property
    def out(self) -> Path:
        """Where the consensus goes."""
        return self.folder / CONSENSUS

    def disputed(self) -> list[Verdict]:
        """Return the transients on which people don't agree."""
        return [verdict for verdict in verdicts(self.experts, self.rule) if verdict.is_disputed]

    def agreements(self) -> list[PairAgreement]:
        """Return how well each pair of people agrees."""
        return self._compared(self.experts)

    def against_others(self) -> list[PairAgreement]:
        """Return how well each person agrees with what the others agree on, if there are three or more."""
        people = self.experts.truths
        made: list[PairAgreement] = []
        for name in people if len(people) > MIN_EXPERTS else ():
            rest = {other: truth for other, truth in people.items() if other != name}
            try:
                others = consensus_of(replace(self.experts, truths=rest), self.rule).truth
            except NothingShared:
                continue
            made += self._compared(replace(self.experts, truths={name: people[name], OTHERS: others}))
        return made

    def with_themselves(self) -> list[PairAgreement]:
        """Return how well each person agrees with what they said when a segment came a second time."""
        people = self.experts.truths
        return [
            pair
            for name, second in self.experts.again.items()
            for pair in self._compared(
                replace(self.experts, truths={name: people[name], f"{name} again": second})
            )
        ]

    def all_agreements(self) -> list[PairAgreement]:
        """Return the agreements of pairs, of each with the others, and of each with themselves."""
        return [*self.agreements(), *self.against_others(), *self.with_themselves()]

    def of_cells(self) -> list[CellsAgreement]:
        """Return how well each pair of people agrees on types and on which cells can't be judged."""
        return cells_agreements(self.experts)

    def disputed_cells(self) -> list[int]:
        """Return the cells that some who judged them call invalid, and others don't."""
        said: dict[int, set[bool]] = {}
        for own in self.experts.of_cells.values():
            for roi, one in own.items():
                said.setdefault(roi, set()).add(one == INVALID)
        return sorted(roi for roi, both in said.items() if len(both) > 1)

    def _compared(self, experts: Experts) -> list[PairAgreement]:
        f, rois = self.results.traces.f, self.results.rois.ids.tolist()
        candidates = {roi: rises(f[rois.index(roi)], CANDIDATE_SIGMA) for roi in experts.shared_cells}
        return pair_agreements(experts, candidates, self.rule.tolerance)

    def referees(self) -> dict[str, dict[Question, Decision]]:
        """Return what each referee decided, by name."""
        journals = sorted(self.out.glob(f"*{SUFFIX}"))
        return {
            path.name.removesuffix(SUFFIX): decisions(labels_of(read_journal(path)[1])) for path in journals
        }

    def write(self, referee: str = "") -> Consensus:
        """Write truth, ROIs, each person's truth and the agreement, and return the consensus.

        Parameters
        ----------
        referee
            Whose decisions count; by default those of the only one there is, if any.

        Raises
        ------
        InputError
            If there are several referees and none is named, or nobody of this name; or as of `consensus_of`.
        """
        by_referee = self.referees()
        if len(by_referee) > 1 and not referee:
            raise InputError(
                self.out, "referee", f"there are {', '.join(by_referee)}", "Name one with --referee."
            )
        if referee and referee not in by_referee:
            raise InputError(
                self.out, "referee", f"{referee} has decided nothing", "Run `neurocine referee` first."
            )
        chosen = [referee] if referee else list(by_referee)
        decided = by_referee[chosen[0]] if chosen else {}
        made = consensus_of(self.experts, self.rule, decided, chosen)
        pairs = self.all_agreements()
        stamp = Stamp(source_sha256=str(self.results.source["sha256"]))
        for name, truth in self.experts.truths.items():
            write_truth(self.out / "experts" / f"{name}.h5", truth, stamp)
        for left in (self.out / "experts").glob("*.h5"):
            if left.stem not in self.experts.truths:
                left.unlink()
        write_table(self.out / "agreement.tsv", [row for pair in pairs for row in pair.rows()])
        cells = [row for pair in self.of_cells() for row in pair.rows()]
        write_table(self.out / "agreement_cells.tsv", cells, columns=CELL_COLUMNS)
        write_json(self.out / "agreement.json", self._summary(made, pairs, chosen))
        movie = Path(self.results.movie.source)
        write_labelled(self.out, made.truth, self.results.rois, stamp, movie)
        return made

    def _summary(
        self, made: Consensus, pairs: Sequence[PairAgreement], referees: list[str]
    ) -> dict[str, Any]:
        return {
            "schema_version": SCHEMA_VERSION,
            "recording": self.results.name,
            "experts": list(self.experts.truths),
            "referee": referees[0] if referees else None,
            "share": self.share,
            "tolerance_s": self.tolerance_s,
            "tolerance_frames": self.rule.tolerance,
            "agreed": made.n_agreed,
            "decided": made.n_decided,
            "open": made.n_open,
            "candidates": CANDIDATE_RULE,
            "pairs": [pair.values() for pair in pairs],
            "of_cells": [pair.values() for pair in self.of_cells()],
            "disputed_cells": self.disputed_cells(),
        }
