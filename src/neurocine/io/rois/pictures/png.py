"""Label images in PNG, decoded by Pillow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import DamagedFile, InputError
from neurocine.io.safe.damage import DEFLATE_RATIO, check_unpacked

#: Pillow's names of grey pictures without transparency.
_GREY = ("1", "L", "I", "I;16", "I;16B")
#: Where the header gives the bits per pixel.
_DEPTH_AT = 24


def read_png(path: Path) -> NDArray[Any]:
    """Return the grey values (Y, X) of a PNG file with 1 to 16 bits per pixel, as they are stored.

    Raises
    ------
    InputError
        If it is no whole PNG, declares more pixels than it can hold, or is in colour or partly transparent.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG",)) as image:
            width, height = image.size
            check_unpacked(path, "pixels", 2 * width * height, path.stat().st_size, DEFLATE_RATIO)
            if image.mode not in _GREY:
                raise InputError(
                    path,
                    "labels",
                    f"this is a picture in colour or with transparency (mode {image.mode})",
                    "Give the picture with the cells' numbers, such as Cellpose's _cp_masks.png.",
                )
            values = np.asarray(image)
    except Image.DecompressionBombError as error:
        raise DamagedFile(path, "pixels", str(error), "Give a picture of the field of view.") from error
    depth = path.read_bytes()[_DEPTH_AT]
    if depth in (2, 4):  # which Pillow stretches to 8 bits
        values = values // (255 // (2**depth - 1))
    return values.astype(np.uint8) if values.dtype == bool else values
