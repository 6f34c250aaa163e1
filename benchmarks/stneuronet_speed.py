"""STNeuroNet's network by OpenVINO against Keras: one window, processor time, frames a second and memory.

Each measurement is a process of its own, which holds one network and reads the window twice: the second time
counts. The forms take turns, so that whatever else the machine does falls on all of them:

- ``published``: the network as published, in Keras, which upsamples in time before the maximum over time;
- ``keras``: the same without that step, which changes nothing, as neurocine trains it;
- ``openvino``: neurocine's graph.

Weights are random, on which speed doesn't depend: ``python benchmarks/stneuronet_speed.py --help``.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

FORMS = ("published", "keras", "openvino")


def network(architecture: Any) -> Any:
    """Return a network of random weights whose normalisations have seen data."""
    import keras

    keras.utils.set_random_seed(0)
    model, rng = architecture.build(), np.random.default_rng(0)
    for weight in model.weights:
        if weight.path.endswith("gamma"):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        elif weight.path.endswith("moving_variance"):
            weight.assign(rng.uniform(0.3, 2, weight.shape))
        elif weight.path.endswith(("beta", "moving_mean", "bias")):
            weight.assign(rng.normal(0, 0.3, weight.shape))
    return model


def as_published(model: Any) -> Any:
    """Return the published network, upsampling in time, with the layers of `model`."""
    import keras

    from neurocine.networks.segmentation.dense import upsampled

    def tail(x: Any) -> Any:
        return keras.ops.max(upsampled(x, 2), axis=1)

    x = keras.layers.Lambda(tail, lambda shape: (None, None, None, shape[-1]))(
        model.get_layer("mixed").output
    )
    for name in ("last", "classes", "probability"):
        x = model.get_layer(name)(x)
    return keras.Model(model.input, keras.ops.transpose(x[..., 1:], (0, 3, 1, 2)))


def measure(form: str, size: int, name: str, out: Path) -> None:
    """Write what `form` gives, and print what it took."""
    from neurocine.networks.catalogue import SEGMENTATION_ARCHITECTURES
    from neurocine.networks.segmentation.segmenter import Segmenter

    architecture = SEGMENTATION_ARCHITECTURES[name]
    model = network(architecture)
    if form == "published":
        model = as_published(model)
    segmenter = Segmenter(model, architecture, "openvino" if form == "openvino" else "keras")
    shape = (architecture.input_frames, size, size)
    frames = np.random.default_rng(1).standard_normal(shape, dtype=np.float32)
    segmenter.probabilities(frames)
    wall, processor = time.perf_counter(), time.process_time()
    np.save(out, segmenter.probabilities(frames))
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        json.dumps({"wall": wall, "processor": processor, "peak": peak, "frames": architecture.window_frames})
    )


def main() -> None:
    """Measure all forms in turn and print the medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=488, help="height and width in pixels")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--architecture", default="stneuronet-reference")
    parser.add_argument("--form", choices=FORMS, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.form:
        measure(given.form, given.size, given.architecture, given.out)
        return
    forms = FORMS if given.architecture == "stneuronet-reference" else FORMS[1:]
    results: dict[str, list[dict[str, float]]] = {form: [] for form in forms}
    with TemporaryDirectory() as folder:
        files = {form: Path(folder) / f"{form}.npy" for form in forms}
        for _ in range(given.repeats):
            for form in forms:
                command = [sys.executable, __file__, *sys.argv[1:], "--form", form, "--out", files[form]]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                results[form].append(json.loads(done.stdout.splitlines()[-1]))
        maps = {form: np.load(file) for form, file in files.items()}
    print(f"{given.architecture}, windows of {given.size} x {given.size} pixels, medians of {given.repeats}")
    middle = {
        form: {key: median(one[key] for one in found) for key in found[0]} for form, found in results.items()
    }
    fast = middle["openvino"]
    for form, one in middle.items():
        apart = np.abs(maps[form] - maps["openvino"]).max()
        print(
            f"{form}: {one['processor']:.2f} CPU-s a window ({one['processor'] / fast['processor']:.2f}), "
            f"{one['frames'] / one['wall']:.1f} binned frames/s (1/{one['wall'] / fast['wall']:.2f}), "
            f"{one['peak']:.2f} GiB at most, {apart:.1e} from openvino (SD {maps[form].std():.2f})"
        )


if __name__ == "__main__":
    main()
