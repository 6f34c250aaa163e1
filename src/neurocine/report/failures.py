"""Why recordings have no report, from the logs of a run of the workflow."""

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
_UNKNOWN = "wasn't finished in the last run"


def write_unfinished_index(
    folders: Sequence[Path], unfinished: Collection[str], snakemake_log: Path, out: Path
) -> None:
    """Write the index after a failed run: the reports that exist, and why the others don't.

    Parameters
    ----------
    folders
        ``results/<recording>`` of each, in the order in which they are shown.
    unfinished
        Names of the recordings that the run didn't finish.
    snakemake_log
        The run's log.
    out
        The HTML file. Its time is set to 1970, so that the next run finds it out of date and makes it anew.
    """
    reasons = failures(snakemake_log.read_text(encoding="utf-8", errors="replace"), folders)
    write_index(folders, out, {name: reasons.get(name, _UNKNOWN) for name in unfinished})
    os.utime(out, (0, 0))


def failures(snakemake_log: str, folders: Sequence[Path]) -> Mapping[str, str]:
    """Return, for each recording of which a job failed, the rule and why, by the recording's name.

    The last failure of a recording counts. The reason is the error in the rule's own log. A job that was
    killed from outside has none there; then it is the message that Snakemake got, such as ``TIMEOUT``.
    """
    by_logs = {os.path.normpath(folder / "logs"): folder.name for folder in folders}
    reasons = {}
    for block in _BLOCK.split(snakemake_log)[1:]:
        message = _MESSAGE.search(block)
        for listed in _LOGS.findall(block):
            for log in map(Path, listed.split(", ")):
                name = by_logs.get(os.path.normpath(log.parent))
                if name is not None:
                    reason = (
                        _error_in(log) or (message[1].strip() if message else "") or f"failed (see {log})"
                    )
                    reasons[name] = f"{log.stem}: {reason}"
    return reasons


def _error_in(log: Path) -> str | None:
    """Return the last error in a rule's log; None if there is none."""
    if not log.is_file():
        return None
    text = log.read_text(encoding="utf-8", errors="replace").strip()
    errors = _ERROR.findall(text)
    if not errors:
        return None
    # For an unexpected error, the traceback's last line says more.
    return str(text.splitlines()[-1] if re.fullmatch(r"rule \w+ failed", errors[-1]) else errors[-1])
