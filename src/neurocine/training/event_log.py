"""A log of a training run that TensorBoard shows: ``tensorboard --logdir logs``."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

from neurocine.training.checkpoint import History

#: The folders of a log: figures of the same name are drawn together.
TRAINING, VALIDATION = "train", "validation"
#: Not drawn: it is the x-axis.
_STEP = "epoch"


class EventLog:
    """Event files in ``train`` and ``validation`` of a folder: one value of each figure an epoch.

    It starts with the epochs that are in the checkpoint already: what an earlier run left in `folder` is
    replaced, so that no epoch is there twice or missing, whenever that run was killed.

    Parameters
    ----------
    folder
        Made if need be.
    history
        Figures of the epochs before.
    """

    def __init__(self, folder: Path, history: History) -> None:
        import tensorflow as tf

        self._writers: dict[str, Any] = {}
        for name in (TRAINING, VALIDATION):
            for old in (folder / name).glob("events.out.tfevents.*"):
                old.unlink()
            self._writers[name] = tf.summary.create_file_writer(str(folder / name))
        for row in history:
            self.add(row)

    def add(self, row: dict[str, float]) -> None:
        """Write the figures of the epoch ``row["epoch"]``; they are on disk afterwards."""
        import tensorflow as tf

        # `tf.summary.scalar` needs the package tensorboard; what it writes doesn't.
        metadata = tf.compat.v1.SummaryMetadata
        scalar = metadata(
            plugin_data=metadata.PluginData(plugin_name="scalars"), data_class="DATA_CLASS_SCALAR"
        )
        for name, value in row.items():
            if name == _STEP:
                continue
            writer = self._writers[VALIDATION if name.startswith("val_") else TRAINING]
            with writer.as_default(step=int(row[_STEP])):
                tf.summary.write(name.removeprefix("val_"), tf.constant(value, tf.float32), metadata=scalar)
        for writer in self._writers.values():
            writer.flush()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers.values():
            writer.close()
