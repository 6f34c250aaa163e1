"""Speed and memory of the segmentation engines: STNeuroNet part by part, against suite2p on the same movie.

``python benchmarks/segmentation_speed.py [MOVIE] [--weights FILE] [--engines stneuronet suite2p]``

Without MOVIE one of ``cortex-6s`` is simulated. Each engine runs whole, from reading to masks, in a process
of its own, `REPEATS` times in turn; the fastest counts. Where others use the machine, processor seconds tell
more than seconds. Loading libraries is not timed; a model's loading and compiling are parts of their own.
With ``--memory`` peak memory is measured, too: the movie, binned to the network's rate, is repeated on disk
to 600 and to 6,000 frames. ``--weights`` takes a file of weights in place of the model that ships.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from neurocine.config import EnginesSettings, SegmentationSettings, StneuronetSettings
from neurocine.config.section import Backend
from neurocine.core import Movie
from neurocine.io.result_files import MovieWriter, Registration, Stamp, read_movie
from neurocine.motion.summary import SummaryAccumulator
from neurocine.networks.registry import Metrics, ModelEntry, Registry, install
from neurocine.simulation import simulate

REPEATS = 2
#: Frames simulated where no movie is given, and at what rate; lengths that memory is measured at.
FRAMES, RATE_HZ = 6000, 30.0
LENGTHS = (600, 6000)
#: Rate of the movies that memory is measured with: no frames are binned.
BINNED_HZ = 6.0

#: Parts that a longer movie doesn't lengthen.
START = ("load", "compile")

Wrapped = Callable[..., Any]


class Stopwatch:
    """Seconds and processor seconds of each part, without those of the parts inside it."""

    def __init__(self) -> None:
        self.spent: dict[str, NDArray[np.float64]] = {}
        self._inside: list[NDArray[np.float64]] = []

    def call(self, part: str, work: Callable[[], Any]) -> Any:
        """Return what `work` returns; its time is the part's."""
        self._inside.append(np.zeros(2))
        began = _now()
        try:
            return work()
        finally:
            whole = _now() - began
            self.spent[part] = self.spent.get(part, 0.0) + whole - self._inside.pop()
            if self._inside:
                self._inside[-1] += whole

    def function(self, part: str, original: Wrapped) -> Wrapped:
        """Return `original`, timed."""
        return lambda *args, **more: self.call(part, lambda: original(*args, **more))

    def generator(self, part: str, original: Wrapped) -> Wrapped:
        """Return the generator function `original`, the time in it timed."""

        def timed(*args: Any, **more: Any) -> Iterator[Any]:
            items = original(*args, **more)
            end = object()
            while (item := self.call(part, lambda: next(items, end))) is not end:
                yield item

        return timed


def _now() -> NDArray[np.float64]:
    return np.array([time.perf_counter(), time.process_time()])


def timed_parts(watch: Stopwatch, engine: str, stack: ExitStack) -> None:
    """Time the parts of an engine until `stack` ends."""
    parts: list[tuple[str, str, Wrapped]] = [("neurocine.core.movie.Movie.read", "read", watch.function)]
    own = "neurocine.stneuronet"
    if engine == "stneuronet":
        parts += [
            ("neurocine.networks.registry.Registry.segmenter", "load", watch.function),
            (f"{own}.openvino_graph.compile_graph", "compile", watch.function),
            (f"{own}.inference._compile_keras", "compile", watch.function),
            (f"{own}.preprocessing.BinnedMovie.windows_of", "preprocess", watch.generator),
            (f"{own}.inference.Segmenter.probabilities", "network", watch.function),
        ]
    else:
        suite2p = "neurocine.segmentation.suite2p_engine"
        parts += [
            (f"{suite2p}.binned", "preprocess", watch.function),
            (f"{suite2p}._detect", "detect", watch.function),
            (f"{suite2p}._probability", "classify", watch.function),
        ]
    for name, part, how in parts:
        module, _, attribute = name.rpartition(".")
        stack.enter_context(patch(name, how(part, getattr(_resolved(module), attribute))))


def _resolved(name: str) -> Any:
    """Return the module or class of that name."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return getattr(import_module(module), attribute)


def run_one(engine: str, path: Path, model: str, registry: Path | None, backend: Backend) -> dict[str, Any]:
    """Return seconds and processor seconds of each part, masks and peak memory (MB) of one run."""
    movie = read_movie(path)
    movie.read(0, 1)
    watch = Stopwatch()
    with ExitStack() as stack:
        timed_parts(watch, engine, stack)
        find = _engine(engine, model, registry, backend)
        found = watch.call("postprocess", lambda: find(movie))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "frames": movie.n_frames,
        "found": found,
        "parts": {part: spent.tolist() for part, spent in watch.spent.items()},
        "peak_mb": peak,
    }


def _engine(engine: str, model: str, registry: Path | None, backend: Backend) -> Callable[[Movie], int]:
    """Return what gives the number of masks that an engine finds; its libraries are loaded."""
    if engine == "stneuronet":
        from neurocine.active.detect import detect

        libraries = (
            "keras",
            "cv2",
            "skimage.segmentation",
            *(("openvino",) if backend == "openvino" else ()),
        )
        for name in libraries:
            import_module(name)
        known = Registry.load(registry)
        settings = StneuronetSettings(model=model, backend=backend)
        return lambda movie: len(detect(movie, settings, registry=known).masks)
    from neurocine.segmentation.suite2p_engine import find

    chosen = SegmentationSettings(engine="suite2p")
    return lambda movie: len(find(movie, chosen, None, EnginesSettings(), lambda *_: None))


def in_process(*arguments: str) -> dict[str, Any]:
    """Run this program again with `--one`; return what it found."""
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def registered(folder: Path, weights: Path) -> Path:
    """Return a registry's folder with the model of one file of weights, named ``given``."""
    from neurocine.networks.weights import load_segmentation_weights

    _, architecture, _, _ = load_segmentation_weights(weights)
    folder.mkdir()
    (folder / "registry.yaml").write_text("models: {}\n")
    entry = ModelEntry(
        task="stneuronet",
        architecture=architecture.name,
        frame_rate_hz=architecture.frame_rate_hz,
        pixel_size_um=architecture.pixel_size_um,
        window_frames=architecture.window_frames,
        metrics=Metrics(on="nothing", values={}),
    )
    install(folder, "given", entry, weights, "")
    return folder


def repeated(path: Path, movie: Movie, n_frames: int) -> Path:
    """Write `movie`, binned to about `BINNED_HZ` and repeated to `n_frames`, as a movie file."""
    length = max(1, round(movie.frame_rate_hz / BINNED_HZ))
    whole = movie.n_frames // length * length
    frames = movie.read(0, whole).reshape(-1, length, *movie.fov_shape).mean(axis=1).astype(np.uint16)
    long = np.broadcast_to(frames[:1], (n_frames, *frames.shape[1:]))
    like = Movie(long, movie.frame_rate_hz / length, movie.pixel_size_um, movie.indicator)
    summary = SummaryAccumulator(frames[0])
    with MovieWriter(path, like, Stamp()) as writer:
        for start in range(0, n_frames, len(frames)):
            part = frames[: n_frames - start]
            writer.write(start, part)
            summary.add(part)
        still = np.zeros(n_frames, dtype=np.float32)
        picture = np.zeros(frames.shape[1:], dtype=np.float32)
        registration = Registration(still, still, still, still > 0, picture, picture, {})
        writer.finish(summary.result(), registration)
    return path


def tell_speed(engines: list[str], path: Path, more: list[str]) -> None:
    """Print frames a second of each engine, and the seconds of its parts."""
    runs: dict[str, list[dict[str, Any]]] = {engine: [] for engine in engines}
    for _ in range(REPEATS):
        for engine in engines:
            runs[engine].append(in_process(str(path), "--one", engine, *more))
    rates = {}
    for engine, results in runs.items():
        best = min(results, key=lambda result: sum(wall for wall, _ in result["parts"].values()))
        parts = best["parts"]
        whole = np.sum(list(parts.values()), axis=0)
        steady = np.sum([spent for part, spent in parts.items() if part not in START], axis=0)
        rates[engine] = best["frames"] / np.array([whole, steady])
        told = ", ".join(f"{part} {wall:.2f} ({busy:.2f})" for part, (wall, busy) in parts.items())
        print(f"{engine}: {best['found']} ROIs, peak {best['peak_mb']:.0f} MB")
        print(f"  seconds (of processors): {told}")
        for name, (by_wall, by_processor) in zip(("whole", "once begun"), rates[engine], strict=True):
            print(f"  {name}: {by_wall:.0f} frames a second, {by_processor:.0f} a processor second")
    if len(rates) == 2:
        first, second = rates
        (whole, _), (_, busy) = rates[first] / rates[second]
        print(
            f"{first} is {whole:.2f} times as fast as {second}; once begun, by processors, {busy:.2f} times"
        )


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("movie", type=Path, nargs="?", help="a movie file of neurocine (movie.h5)")
    parser.add_argument("--engines", nargs="+", default=["stneuronet", "suite2p"])
    parser.add_argument("--weights", type=Path, help="of a model that isn't in the registry")
    parser.add_argument("--model", default=StneuronetSettings().model)
    parser.add_argument("--registry", type=Path, help="folder of another registry")
    parser.add_argument("--backend", default=StneuronetSettings().backend)
    parser.add_argument("--frames", type=int, default=FRAMES, help="simulated where no movie is given")
    parser.add_argument("--memory", action="store_true", help="measure peak memory over the movie's length")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        result = run_one(given.one, given.movie, given.model, given.registry, given.backend)
        print(json.dumps(result))
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        path = given.movie
        if path is None:
            path = folder / "simulated" / "movie.h5"
            simulate(
                "cortex-6s",
                1,
                path.parent,
                n_frames=given.frames,
                frame_rate_hz=RATE_HZ,
                split="validation",
            )
        more = ["--model", given.model, "--backend", given.backend]
        more += ["--registry", str(given.registry)] if given.registry else []
        if given.weights:
            more = ["--model", "given", "--backend", given.backend]
            more += ["--registry", str(registered(folder / "models", given.weights))]
        movie = read_movie(path)
        print(f"{movie.n_frames} frames of {movie.fov_shape} at {movie.frame_rate_hz:g} Hz")
        tell_speed(given.engines, path, more)
        if not given.memory:
            return
        peaks = []
        for length in LENGTHS:
            long = repeated(folder / f"{length}.h5", movie, length)
            peaks.append(in_process(str(long), "--one", "stneuronet", *more)["peak_mb"])
            print(f"stneuronet, {length} binned frames: peak {peaks[-1]:.0f} MB", flush=True)
            long.unlink()
        print(f"ratio {peaks[1] / peaks[0]:.2f}")


if __name__ == "__main__":
    main()
