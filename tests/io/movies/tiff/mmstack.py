"""Files as Micro-Manager writes its image stacks: OME-TIFF with a list of pages and a header of its own."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2013-06"
#: Channel, plane, time and position of a page.
Place = tuple[int, int, int, int]


def file_name(position: int, number: int) -> str:
    return f"rec_MMStack_Pos{position}{f'_{number}' if number else ''}.ome.tif"


def ome_xml(files: dict[str, Sequence[Place]], sizes: tuple[int, int, int], order: str = "XYCZT") -> str:
    """Return the XML of a set of files with the pages of each."""
    positions = sorted({place[3] for places in files.values() for place in places})
    n_channels, n_planes, n_times = sizes
    channels = "".join(
        f'<Channel ID="Channel:0:{c}" Name="{("GFP", "Cherry")[c]}" SamplesPerPixel="1"/>'
        for c in range(n_channels)
    )
    images = ""
    for position in positions:
        data = "".join(
            f'<TiffData FirstC="{c}" FirstT="{t}" FirstZ="{z}" IFD="{i}" PlaneCount="1">'
            f'<UUID FileName="{name}">urn:uuid:{name}</UUID></TiffData>'
            for name, places in files.items()
            for i, (c, z, t, own) in enumerate(places)
            if own == position
        )
        images += (
            f'<Image ID="Image:{position}" Name="Pos{position}"><Pixels ID="Pixels:{position}" '
            f'DimensionOrder="{order}" Type="uint16" SizeX="9" SizeY="8" SizeC="{n_channels}" '
            f'SizeZ="{n_planes}" SizeT="{n_times}" TimeIncrement="100.0" TimeIncrementUnit="ms" '
            f'PhysicalSizeX="1.2" PhysicalSizeY="1.2">{channels}{data}</Pixels></Image>'
        )
    first = next(iter(files))
    return f'<?xml version="1.0"?><OME xmlns="{SCHEMA}" UUID="urn:uuid:{first}">{images}</OME>'


def reference(first: str, own: str) -> str:
    """Return the XML of the other files, which refers to the first."""
    return (
        f'<?xml version="1.0"?><OME xmlns="{SCHEMA}" UUID="urn:uuid:{own}">'
        f'<BinaryOnly MetadataFile="{first}" UUID="urn:uuid:{first}"/></OME>'
    )


def write_stack(
    path: Path, frames: NDArray[np.uint16], places: Sequence[Place], xml: str, sizes: tuple[int, int, int]
) -> None:
    """Write the `frames` (pages, 8, 9) at `places`."""
    summary = json.dumps(
        {
            "MicroManagerVersion": "1.4.22", "Prefix": "rec", "Channels": sizes[0], "Slices": sizes[1],
            "Frames": sizes[2], "Positions": 1, "ChNames": ["GFP", "Cherry"][: sizes[0]],
            "SlicesFirst": False, "TimeFirst": False,
        }
    ).encode()  # fmt: skip
    at = 40 + len(summary)
    body, index, next_field = b"", [], 4
    content = bytearray(b"II*\0" + bytes(36) + summary)
    imagej = (
        f"ImageJ=1.48v\nimages={len(frames)}\nchannels={sizes[0]}\nframes={len(frames)}\nhyperstack=true\n"
    )
    for i, (frame, (c, z, t, p)) in enumerate(zip(frames, places, strict=True)):
        body = frame.tobytes()
        texts = {51123: json.dumps({"ChannelIndex": c, "SliceIndex": z, "FrameIndex": t})}
        described = [(270, xml), (270, imagej)] if i == 0 else []
        n_tags = 13 + len(described)
        data = at + 2 + 12 * n_tags + 4
        extra = data + len(body)
        tail = struct.pack("<IIII", 1, 1, 1, 1)
        tags = [
            (256, 4, 1, 9), (257, 4, 1, 8), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1),
            (273, 4, 1, data), (277, 3, 1, 1), (278, 4, 1, 8), (279, 4, 1, len(body)), (282, 5, 1, extra),
            (283, 5, 1, extra + 8), (296, 3, 1, 3),
        ]  # fmt: skip
        for code, text in [*described, *texts.items()]:
            encoded = text.encode() + b"\0"
            tags.append((code, 2, len(encoded), extra + len(tail)))
            tail += encoded
        tags.sort(key=lambda tag: tag[0])
        content[next_field : next_field + 4] = struct.pack("<I", at)
        index.append((c, z, t, p, at))
        content += struct.pack("<H", n_tags) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
        next_field = data - 4
        content += body + tail
        content += bytes(len(content) % 2)
        at = len(content)
    content[8:40] = struct.pack("<8I", 54773648, at, 483765892, 0, 99384722, 0, 2355492, len(summary))
    content += struct.pack("<II", 3453623, len(index)) + b"".join(struct.pack("<5I", *row) for row in index)
    path.write_bytes(content)
