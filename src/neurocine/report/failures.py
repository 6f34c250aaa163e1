"""Why recordings have no report: what a run of the workflow left in its logs."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from neurocine.report.index import write_index

#: In what Snakemake logs of a failed job.
_BLOCK = re.compile(r"^(?:\[.*\]\n)?Error in (?:rule|group) ", flags=re.MULTILINE)
_MESSAGE = re.compile(r"^ +message: (.*?)(?:For further error details .*)?$", flags=re.MULTILINE)
_LOGS = re.compile(r"^ +log: (.*) \(check log", flags=re.MULTILINE)
#: An error in a rule's own log; `neurocine.workflow.logged` adds where the log is.
_ERROR = re.compile(r"^[\d-]+ [\d:,]+ ERROR neurocine: (.*?)(?: \(log: .*\))?$", flags=re.MULTILINE)
_NO_WORD = "wasn't finished in the last run"


def write_unfinished_index(
    folders: Sequence[Path], unfinished: Collection[str], snakemake_log: Path, out: Path
) -> None:
    """Write the index after a run that failed: the reports that are there, and why the others aren't.

    Parameters
    ----------
    folders
        ``results/<recording>`` of each, in the order in which they are shown.
    unfinished
        Names of the recordings that the run didn't bring to their end.
    snakemake_log
        The run's log.
    out
        The HTML file. Its time is set to 1970, so that the next run finds it out of date and makes it anew.
    """
    reasons = failures(snakemake_log.read_text(encoding="utf-8", errors="replace"), folders)
    write_index(folders, out, {name: reasons.get(name, _NO_WORD) for name in unfinished})
    os.utime(out, (0, 0))


def failures(snakemake_log: str, folders: Sequence[Path]) -> Mapping[str, str]:
    """Return, for each recording of which a job failed, the rule and why, by the recording's name.

    A recording's last failure counts. The reason is the error in the rule's own log; a job that was ended
    from outside has none there, and then it is what Snakemake was told, such as ``TIMEOUT``.
    """
    by_logs = {os.path.normpath(folder / "logs"): folder.name for folder in folders}
    found = {}
    for block in _BLOCK.split(snakemake_log)[1:]:
        said = _MESSAGE.search(block)
        for listed in _LOGS.findall(block):
            for log in map(Path, listed.split(", ")):
                name = by_logs.get(os.path.normpath(log.parent))
                if name is not None:
                    reason = _error_in(log) or (said[1].strip() if said else "") or f"failed (see {log})"
                    found[name] = f"{log.stem}: {reason}"
    return found


def _error_in(log: Path) -> str | None:
    """Return what a rule's log ends with, if that is an error."""
    if not log.is_file():
        return None
    text = log.read_text(encoding="utf-8", errors="replace").strip()
    errors = _ERROR.findall(text)
    if not errors:
        return None
    # Of an error that nobody foresaw, the traceback's last line says more.
    return str(text.splitlines()[-1] if re.fullmatch(r"rule \w+ failed", errors[-1]) else errors[-1])
