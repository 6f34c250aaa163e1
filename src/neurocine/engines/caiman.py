"""CaImAn (Giovannucci et al. 2019) in its own Python environment.

Its versions of NumPy and TensorFlow conflict with neurocine's. So the few lines that call it, those of
`caiman_worker`, run in another process, which receives tasks as lines of JSON and arrays as files.
"""

from __future__ import annotations

import json
import logging
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from neurocine.config import CaimanRun
from neurocine.core import EngineMissing, InputError

logger = logging.getLogger(__name__)

WORKER = Path(__file__).with_name("caiman_worker.py")
#: Where the user configures CaImAn, for error messages.
WHERE = "config"
INSTALL = (
    "Make an environment with CaImAn (`conda env create -n caiman -f envs/caiman.yaml`) and name its Python "
    "in engines.caiman.python, or run Snakemake with --sdm conda"
)
#: Name of the phase before the first task.
LOADING = "loading"
#: Seconds between checks of the process.
POLL_S = 0.2
#: Last lines of CaImAn's log in an error message.
LOG_LINES = 12


class CaimanSession(AbstractContextManager["CaimanSession"]):
    """A process with CaImAn, and a temporary folder; both end with the session.

    Parameters
    ----------
    run
        Section ``engines.caiman`` of the config.
    temporary_bytes
        Bytes that the caller will write into the folder.

    Attributes
    ----------
    folder
        Temporary folder for memory maps and arrays.
    version
        CaImAn's version.

    Raises
    ------
    EngineMissing
        If there is no such Python, or CaImAn can't be imported in it.
    InputError
        If there is too little room.
    """

    def __init__(self, run: CaimanRun, temporary_bytes: int = 0) -> None:
        self._limit_s = run.limit_min * 60
        self._temporary = _temporary_folder(run.temporary, temporary_bytes)
        self.folder = Path(self._temporary.name)
        self._log = self.folder / "caiman.log"
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._python = run.python or sys.executable
            self._process = self._started()
            self.version = str(self._reply(LOADING)["version"])
        except BaseException:
            self.close()
            raise
        logger.info("CaImAn %s in %s", self.version, self._python)

    def _started(self) -> subprocess.Popen[bytes]:
        program = shutil.which(Path(self._python).expanduser())
        if program is None:
            raise EngineMissing(
                WHERE, "engines.caiman.python", f"{self._python} isn't a program that can be run", INSTALL
            )
        with self._log.open("wb") as log:
            return subprocess.Popen(
                # -I: nothing of this environment or folder is imported there.
                [program, "-I", str(WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.folder,
                env=os.environ | _environment(self.folder),
                start_new_session=True,
            )

    def ask(self, task: str, **values: Any) -> dict[str, Any]:
        """Run `task` of the worker with the plain `values` and return its answer.

        Raises
        ------
        InputError
            If CaImAn fails, with the last lines of its log, or exceeds the time limit; the process is then
            ended.
        """
        process = self._process
        if process is None or process.stdin is None:
            raise RuntimeError("the session has ended")
        with suppress(BrokenPipeError):  # if the process died, the reply says why
            process.stdin.write(json.dumps({"task": task, **values}).encode() + b"\n")
            process.stdin.flush()
        return self._reply(task)

    def _reply(self, task: str) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdout is None:
            raise RuntimeError("the session has ended")
        try:
            line = _line_within(process, process.stdout, self._limit_s)
        except TimeoutError:
            last_lines = self._last_lines()
            self.close()
            raise InputError(
                WHERE,
                "engines.caiman.limit_min",
                f"CaImAn didn't finish the task {task!r} within {self._limit_s / 60:g} minutes and was "
                f"ended; it may have been stuck. Its last lines: {last_lines}",
                "Allow it more time, or set engines.caiman.processes to 1: process pools can get stuck",
            ) from None
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        status = process.wait()
        last_lines = self._last_lines()
        self.close()
        if task == LOADING:
            problem = f"CaImAn can't be loaded in {self._python}: {last_lines.splitlines()[-1]}"
            raise EngineMissing(WHERE, "engines.caiman.python", problem, INSTALL)
        raise InputError(
            WHERE,
            "engine caiman",
            f"CaImAn in {self._python} failed in the task {task!r} (exit status {status}): {last_lines}",
            "Read its message; change the settings of the engine, or choose another one",
        )

    def _last_lines(self) -> str:
        text = self._log.read_text(encoding="utf-8", errors="replace") if self._log.is_file() else ""
        lines = [line.rstrip() for line in text.splitlines() if line.strip()]
        return "\n".join(lines[-LOG_LINES:]) or "nothing"

    def close(self) -> None:
        """End the process and its children, and remove the folder."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):  # they may all have ended
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
        self._temporary.cleanup()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _line_within(process: subprocess.Popen[bytes], pipe: IO[bytes], limit_s: float) -> bytes:
    """Return the next line of `process`; empty if it ends first.

    Raises
    ------
    TimeoutError
        If it takes longer than `limit_s`.
    """
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        # Its children keep the pipe open when it dies, so an open pipe doesn't mean that it runs.
        died = process.poll() is not None
        if select.select([pipe], [], [], 0 if died else POLL_S)[0]:
            return pipe.readline()
        if died:
            return b""
    raise TimeoutError


def _temporary_folder(parent: str | None, wanted: int) -> tempfile.TemporaryDirectory[str]:
    place = Path(parent or tempfile.gettempdir()).expanduser()
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise InputError(
            WHERE, "engines.caiman.temporary", f"{place} isn't a folder to write to", "Name one that is"
        )
    free = shutil.disk_usage(place).free
    if free < wanted:
        raise InputError(
            WHERE,
            "engines.caiman.temporary",
            f"{place} has {free / 1e9:.1f} GB free, CaImAn's memory maps need {wanted / 1e9:.1f}",
            "Name a folder on a larger disk",
        )
    return tempfile.TemporaryDirectory(prefix="neurocine-caiman-", dir=place, ignore_cleanup_errors=True)


def _environment(folder: Path) -> dict[str, str]:
    """Return CaImAn's environment variables: one thread per process, and the folder of its files."""
    threads = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    return {
        **dict.fromkeys(threads, "1"),
        "CAIMAN_TEMP": str(folder),
        "CAIMAN_DATA": str(folder),
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(folder),
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
