"""From a recording's results to a figure: traces with transients, and how active each type of cell is.

python figure_of_activity.py RESULTS FIGURE     results/<recording>, and a .png, .pdf or .svg file
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from neurocine.io.result_files import read_activity, read_celltypes, read_traces

results, figure = map(Path, sys.argv[1:])
raster = read_activity(results / "activity" / "activity.h5")
traces = read_traces(results / "traces" / "traces.h5")
types = np.array(read_celltypes(results / "celltype" / "celltypes.tsv").of(raster.ids))

seconds = np.arange(raster.n_frames) / raster.frame_rate_hz
busiest = np.argsort(raster.active.sum(axis=1))[::-1][:8]
counts = np.array([(raster.transients().roi_id == roi).sum() for roi in raster.ids])
rates = counts / (raster.n_frames / raster.frame_rate_hz / 60)

drawing, (left, right) = plt.subplots(1, 2, figsize=(9, 4), width_ratios=(3, 1), layout="constrained")
for row, cell in enumerate(busiest):
    dff = traces.dff[cell] / np.nanmax(traces.dff[cell])
    left.plot(seconds, dff + row, color="0.3", linewidth=0.6)
    left.fill_between(seconds, row, row + 0.9, where=raster.active[cell], color="C1", alpha=0.5, linewidth=0)
left.set(xlabel="time (s)", yticks=range(len(busiest)), yticklabels=raster.ids[busiest], ylabel="ROI")

names = [name for name in ("pyramidal", "interneuron") if (types == name).any()]
right.boxplot([rates[types == name] for name in names], tick_labels=names)
right.set(ylabel="transients per minute")
drawing.savefig(figure, dpi=200)
