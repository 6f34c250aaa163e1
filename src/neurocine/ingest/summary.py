"""What was understood of a recording, in words: for `check`, the log of `ingest` and the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

from neurocine.core.indicators import UNKNOWN_S, known_decay_s
from neurocine.core.recording import Range
from neurocine.ingest.dark_offset import counts
from neurocine.ingest.record import MovieRecord

#: Width of a line in characters.
WIDTH = 79
#: Where a dark offset is from, in words.
_OFFSET_SOURCES = {"assumed": "assumed", "noise": "by the noise", "given": "given"}
#: Longest list of ranges.
_MAX_RANGES = 5


def facts(record: MovieRecord) -> dict[str, str]:
    """Return what `record` says of a recording, by the words for it."""
    n_frames, height, width = record.shape
    um = record.pixel_size_um
    found = {
        "files": _files(record),
        "movie": f"{n_frames:,} frames of {height} x {width} pixels (height x width), {record.dtype}",
        "time": f"{record.frame_rate_hz:.4g} Hz, {duration(n_frames / record.frame_rate_hz)}",
        "field": f"{um:.4g} µm per pixel, {height * um:.4g} x {width * um:.4g} µm",
        "channel": _one_of(record.selection.channel, record.selection.n_channels),
        "structural": record.channel_structural or "",
        "plane": _one_of(record.selection.plane, record.selection.n_planes),
        "indicator": _indicator(record.indicator),
        "part": _part(record),
        "pixel values": f"{record.pixels.min:.6g} to {record.pixels.max:.6g}, mean {record.pixels.mean:.6g}",
        "dark offset": _dark_offset(record),
        "bad frames": _bad_frames(record),
    }
    return {name: text for name, text in found.items() if text}


def summary(record: MovieRecord, warnings: Sequence[str] | None = None) -> list[str]:
    """Return the `facts` and the warnings of a recording as indented lines of `WIDTH` characters at most.

    Parameters
    ----------
    record
        The recording.
    warnings
        None: those of `record`.
    """
    doubts = record.warnings if warnings is None else warnings
    short = (without_path(text, Path(record.files[0].path)) for text in doubts)
    pairs = [*facts(record).items(), *(("warning", text) for text in short)]
    return [line for name, text in pairs for line in labelled(name, text)]


def without_path(text: str, path: Path) -> str:
    """Return a message about the movie at `path`, or about its folder, without the path before it."""
    return text.removeprefix(f"{path}: ").removeprefix(f"{path.parent}: ")


def labelled(name: str, text: str) -> list[str]:
    """Return `text` as indented lines after its name, of `WIDTH` characters where words allow it."""
    # A path is never broken, so that it can be copied.
    return fill(
        text,
        WIDTH,
        initial_indent=f"  {name:<13} ",
        subsequent_indent=" " * 16,
        break_on_hyphens=False,
        break_long_words=False,
    ).splitlines()


def duration(seconds: float) -> str:
    """Return a time span in words: ``5.2 s``, ``3 min 20 s`` or ``1 h 5 min``."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _indicator(name: str) -> str:
    decay = known_decay_s(name)
    said = f"decay {decay:g} s" if decay is not None else f"its decay isn't known: {UNKNOWN_S:g} s is assumed"
    return f"{name or 'not known'} ({said})"


def _files(record: MovieRecord) -> str:
    first = Path(record.files[0].path)
    if len(record.files) == 1:
        return f"{first.name} ({record.format})"
    return f"{len(record.files):,} ({record.format}), from {first.name} to {Path(record.files[-1].path).name}"


def _one_of(chosen: str | int | None, count: int | None) -> str:
    """Return the channel or plane that was chosen, and of how many; empty if there is no choice."""
    if chosen is None:
        return ""
    return f"{chosen}" + (f" (of {count}, by the table)" if count is not None else "")


def _part(record: MovieRecord) -> str:
    """Return which part of the files is the recording; empty for all of them."""
    chosen = record.selection
    parts = []
    if chosen.dataset is not None:
        parts.append(f"dataset {chosen.dataset}")
    if chosen.frames is not None:
        parts.append(f"frames {_range(chosen.frames)}")
    if chosen.crop is not None:
        parts.append(f"rows {_range(chosen.crop[0])}, columns {_range(chosen.crop[1])}")
    return "; ".join(parts)


def _dark_offset(record: MovieRecord) -> str:
    offset = record.dark_offset
    text = f"{counts(offset.value)} ({_OFFSET_SOURCES[offset.source]}"
    if offset.source == "noise":
        return f"{text})"
    said = "nothing" if offset.estimate is None else counts(offset.estimate)
    return f"{text}; the noise says {said})"


def _bad_frames(record: MovieRecord) -> str:
    whole = record.frames_read == record.shape[0]
    looked_at = f"{record.frames_read:,} frames" if whole else f"a sample of {record.frames_read:,} frames"
    counts: Counter[str] = Counter()
    for part in record.invalid:
        counts[part.reason] += part.last - part.first + 1
    named = _listed([(part.first, part.last) for part in record.invalid])
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in counts.most_common())
    bad = f"{reasons} (frames {named})" if counts else "none"
    rows = len({frame for frame, _, _ in record.invalid_rows})
    if rows:
        bad += f"; {rows:,} more with some bad rows"
    return f"{bad}, in {looked_at}"


def _listed(ranges: Sequence[Range]) -> str:
    more = f" and {len(ranges) - _MAX_RANGES} more" if len(ranges) > _MAX_RANGES else ""
    return ", ".join(map(_range, ranges[:_MAX_RANGES])) + more


def _range(ends: Range) -> str:
    return f"{ends[0]}-{ends[1]}" if ends[0] != ends[1] else str(ends[0])
