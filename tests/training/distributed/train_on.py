"""Trains one or two tiny networks on as many devices as its arguments say."""

from __future__ import annotations

import sys
from pathlib import Path

import tensorflow as tf

from neurocine.config import NetworkTraining, StneuronetTraining
from neurocine.networks.cells import ViewArchitecture
from neurocine.networks.segmentation.compact import CompactArchitecture
from neurocine.training import train
from neurocine.training.segmentation.train import train_stneuronet


def main(networks: str, n_devices: int, dropout: float, epochs: int, out: Path, folders: list[Path]) -> None:
    if n_devices > 1:
        cpu = tf.config.list_physical_devices("CPU")[0]
        parts = [tf.config.LogicalDeviceConfiguration()] * n_devices
        tf.config.set_logical_device_configuration(cpu, parts)
    views = ViewArchitecture(
        name="tiny-views",
        window_frames=40,
        window_px=16,
        output="frames",
        filters=4,
        dilations=(1, 2),
        dropout=dropout,
    )
    settings = NetworkTraining(
        epochs=epochs, steps_per_epoch=3, batch_size=8, validation_windows=16, learning_rate=0.02
    )
    train("activity", settings, folders, out / "activity", architecture=views)
    if networks == "activity":
        return
    compact = CompactArchitecture(
        name="tiny",
        window_frames=24,
        maps=2,
        pixel_size_um=2.0,
        background_um=10,
        space_filters=2,
        time_filters=4,
        filters=(4, 4, 4),
    )
    crops = StneuronetTraining(epochs=epochs, steps_per_epoch=3, batch_size=4, crop_px=32, validation_crops=8)
    train_stneuronet(crops, folders, out / "stneuronet", architecture=compact)


if __name__ == "__main__":
    networks, n_devices, dropout, epochs, out, *folders = sys.argv[1:]
    main(networks, int(n_devices), float(dropout), int(epochs), Path(out), [Path(name) for name in folders])
