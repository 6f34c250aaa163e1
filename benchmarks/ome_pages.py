"""Opening a folder of OME-TIFF files of one page, of which each holds the XML of them all."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tifffile

from neurocine.io.movies import open_movie

N_FILES, EDGE = 400, 160
SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def written(folder: Path) -> None:
    """Write the files, as PrairieView does."""
    names = [f"TSeries-001_Cycle00001_Ch2_{i + 1:06d}.ome.tif" for i in range(N_FILES)]
    data = "".join(
        f'<TiffData FirstT="{t}" FirstC="0" FirstZ="0" IFD="0" PlaneCount="1"><UUID FileName="{name}">'
        f"urn:uuid:{t:06d}</UUID></TiffData>"
        for t, name in enumerate(names)
    )
    pixels = (
        f'<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="{EDGE}" SizeY="{EDGE}" SizeC="1" '
        f'SizeZ="1" SizeT="{N_FILES}" PhysicalSizeX="1.2" PhysicalSizeY="1.2">{data}</Pixels>'
    )
    rng = np.random.default_rng(0)
    for i, name in enumerate(names):
        xml = (
            f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{SCHEMA}" UUID="urn:uuid:{i:06d}">'
            f'<Image ID="Image:0">{pixels}</Image></OME>'
        )
        frame = rng.integers(0, 4000, (EDGE, EDGE)).astype(np.uint16)
        tifffile.imwrite(folder / name, frame, metadata=None, description=xml, photometric="minisblack")


def main() -> None:
    """Print the seconds of processor time for opening, and for reading all frames."""
    with TemporaryDirectory() as folder:
        written(Path(folder))
        began = time.process_time()
        movie = open_movie(Path(folder), frame_rate_hz=30)
        opened = time.process_time()
        movie.read(0, N_FILES)
        read = time.process_time()
    sys.stdout.write(
        f"{N_FILES} files: opened in {opened - began:.2f} s, read in {read - opened:.2f} s (CPU)\n"
    )


if __name__ == "__main__":
    main()
