"""Files of Nikon's NIS-Elements 4 and later, as far as a movie needs them: chunks and a map of the chunks."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAGIC = 0x0ABECEDA


def write_nd2(
    path: Path,
    frames: NDArray[Any],
    loops: Sequence[tuple[str, int]],
    *,
    channels: Sequence[str] = ("green",),
    period_ms: float = 50.0,
    times_ms: Sequence[float] | None = None,
    pixel_size_um: float | None = 1.2,
    **attributes: int,
) -> Path:
    """Write frames (N, C, Y, X), uint16, of `loops`: T, Z or P and their lengths, slowest first."""
    n_frames, n_channels, height, width = frames.shape
    chunks = {
        "ImageAttributesLV!": _clx(
            "SLxImageAttributes",
            {
                "uiWidth": width,
                "uiHeight": height,
                "uiWidthBytes": 2 * width * n_channels,
                "uiComp": n_channels,
                "uiBpcInMemory": 16,
                "uiBpcSignificant": 12,
                "uiSequenceCount": n_frames,
                "eCompression": 2,
            }
            | attributes,
        ),
        "ImageMetadataSeqLV|0!": _clx("SLxPictureMetadata", _picture(channels, pixel_size_um)),
    }
    if loops:
        chunks["ImageMetadataLV!"] = _clx("SLxExperiment", _experiment(loops, period_ms))
    if times_ms is not None:
        chunks["CustomData|AcqTimesCache!"] = np.asarray(times_ms, "<f8").tobytes()
    for i, frame in enumerate(frames):
        chunks[f"ImageDataSeq|{i}!"] = bytes(8) + np.moveaxis(frame, 0, -1).tobytes()
    _write_chunks(path, chunks)
    return path


def _picture(channels: Sequence[str], pixel_size_um: float | None) -> dict[str, Any]:
    probe = {"m_ExcitationSpectrum": {"uiCount": 0}, "m_EmissionSpectrum": {"uiCount": 0}}
    planes = [{"sDescription": name, "uiCompCount": 1, "pFluorescentProbe": probe} for name in channels]
    return {
        "dCalibration": pixel_size_um or 1.0,
        "bCalibrated": pixel_size_um is not None,
        "dTimeMSec": 0.0,
        "sPicturePlanes": {"uiCount": len(channels), "sPlaneNew": planes},
    }


def _experiment(loops: Sequence[tuple[str, int]], period_ms: float) -> dict[str, Any]:
    (axis, count), inner = loops[0], loops[1:]
    settings = {
        "T": {"dStart": 0.0, "dPeriod": period_ms, "dDuration": 0.0},
        "Z": {"dZStep": 5.0},
        "P": {"Points": [{"dPosX": 0.0, "dPosY": 0.0} for _ in range(count)]},
    }[axis]
    outer = {"eType": {"T": 1, "P": 2, "Z": 4}[axis], "uLoopPars": {"uiCount": count, **settings}}
    return outer | ({"ppNextLevelEx": [_experiment(inner, period_ms)]} if inner else {})


def _clx(name: str, value: Any) -> bytes:
    """Return a value as NIS-Elements keeps it: type, length of the name, name, value; lists have no names."""
    kinds = {bool: 1, int: 3, float: 6, str: 8, dict: 11, list: 11}
    head = bytes([kinds[type(value)], len(name) + 1]) + (name + "\0").encode("utf-16-le")
    if isinstance(value, bool | int | float):
        return head + struct.pack({1: "<B", 3: "<I", 6: "<d"}[kinds[type(value)]], value)
    if isinstance(value, str):
        return head + (value + "\0").encode("utf-16-le")
    items = list(value.items()) if isinstance(value, dict) else [("", item) for item in value]
    content = b"".join(_clx(*item) for item in items)
    return (
        head + struct.pack("<IQ", len(items), len(head) + 12 + len(content)) + content + bytes(8 * len(items))
    )


def _write_chunks(path: Path, chunks: dict[str, bytes]) -> None:
    """Write chunks, each with a name of 4,080 bytes, and a map of them at the end."""
    with path.open("wb") as file:
        signature = struct.pack("<IIQ32s64s", _MAGIC, 32, 64, b"ND2 FILE SIGNATURE CHUNK NAME01!", b"Ver3.0")
        file.write(signature.ljust(4096, b"\0"))
        places = {}
        for name, data in chunks.items():
            places[name] = (file.tell(), len(data))
            file.write(struct.pack("<IIQ", _MAGIC, 4072, len(data)) + name.encode().ljust(4072, b"\0") + data)
        at = file.tell()
        entries = b"".join(name.encode() + struct.pack("<QQ", *place) for name, place in places.items())
        entries += b"ND2 CHUNK MAP SIGNATURE 0000001!" + struct.pack("<Q", at)
        name = b"ND2 FILEMAP SIGNATURE NAME 0001!"
        file.write(struct.pack("<IIQ", _MAGIC, len(name), len(entries)) + name + entries)
