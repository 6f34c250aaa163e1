"""Rule comparison_deconvolution: deconvolve the traces of all true contours."""

from pathlib import Path
from typing import Any

from neurocine.comparison.recording_files import movie_in, truth_in
from neurocine.config import EnginesSettings, TracesSettings
from neurocine.core import Traces
from neurocine.core.indicators import decay_s
from neurocine.io.result_files import read_rois, write_traces
from neurocine.traces.deconvolution import deconvolve_by
from neurocine.traces.events import signal_to_noise
from neurocine.traces.extraction import extract_raw
from neurocine.workflow import LoggedProgress, logged, paths_of


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params; ``dff`` is the trace that was deconvolved."""
    movie, rois = (
        movie_in(Path(job.input.movie)),
        read_rois(truth_in(*paths_of(job.params.truth)) / "rois.h5"),
    )
    settings, progress = TracesSettings(**job.params.settings), LoggedProgress()
    raw = extract_raw(movie, rois, settings, progress)
    deconvolved = deconvolve_by(
        job.wildcards.engine,
        raw,
        settings,
        decay_s(movie.indicator),
        engines=EnginesSettings(**job.config.get("engines", {})),
        progress=progress,
    )
    write_traces(
        Path(job.output.traces),
        Traces(
            ids=raw.ids,
            frame_rate_hz=raw.frame_rate_hz,
            f=raw.f,
            fneu=raw.fneu,
            dff=deconvolved.trace,
            events=deconvolved.events,
            snr=signal_to_noise(raw.dff),
            source=raw.source,
        ),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
