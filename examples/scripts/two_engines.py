"""Compare two engines of segmentation on a registered movie without truth: what do they agree on.

python two_engines.py MOVIE.h5 FIRST SECOND     engines, such as suite2p and stneuronet
"""

import sys
from pathlib import Path

from neurocine.config import SegmentationSettings
from neurocine.core.matching import match
from neurocine.io.result_files import read_movie
from neurocine.segmentation import segment

movie = read_movie(Path(sys.argv[1]))
first, second = (segment(movie, SegmentationSettings(engine=engine)) for engine in sys.argv[2:4])

agreed = match(first, second, min_iou=0.5)
for engine, rois in zip(sys.argv[2:4], (first, second), strict=True):
    print(f"{engine}: {len(rois)} ROIs")
print(f"found by both: {len(agreed.pairs)}")
for at, other in agreed.pairs:
    print(f"ROI {first.ids[at]} is ROI {second.ids[other]}")
