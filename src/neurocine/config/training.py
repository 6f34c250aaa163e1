"""Sections of training: simulated corpora, and how each network learns."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from neurocine.config.section import CellType, Positive, PresetName, Section


def _some(movies: dict[PresetName, int]) -> dict[PresetName, int]:
    if not any(movies.values()):
        raise ValueError("name one preset or more with a number of movies")
    return movies


Movies = Annotated[dict[PresetName, Annotated[int, Field(ge=0)]], AfterValidator(_some)]


class SimulationSettings(Section):
    """Simulated movies with truth (DeepCINAC, section 2.4, #2, and movies from real parts)."""

    movies: Movies = Field(
        {
            "ca1-development": 16,
            "cortex-6s": 10,
            "cortex-6f": 10,
            "ca1-interneurons": 8,
            "geco": 3,
            "low-rate": 2,
            "paper": 4,
        },
        description="training movies of each preset (see the docs); 0, or left out: none, in no split",
    )
    held_out: int = Field(
        2, ge=1, description="movies of each preset that choose the best epoch, and as many to measure on"
    )
    n_frames: int = Field(2500, ge=100, description="frames of a movie")
    frame_rate_hz: Positive = Field(
        10.0, description="sampling of all movies, the networks' own, so that none is resampled"
    )
    pixel_size_um: Positive = Field(2.0, description="micrometres a pixel of all movies, as well")
    seed: int = Field(1, ge=0, description="first seed of each preset; the others follow")


class StneuronetSimulation(Section):
    """Simulated movies that STNeuroNet learns from: several frame rates, scales, densities and depths."""

    movies: Movies = Field(
        {
            "cortex-6s": 48,
            "cortex-6f": 48,
            "ca1-development": 40,
            "ca1-interneurons": 12,
            "low-rate": 12,
            "geco": 8,
        },
        description="training movies of each preset (see the docs); 0, or left out: none, in no split",
    )
    held_out: int = Field(
        2, ge=1, description="movies of each preset that choose the best epoch, and as many to measure on"
    )
    duration_s: Positive = Field(120.0, description="length of a movie in seconds")
    frame_rates_hz: Annotated[tuple[Positive, ...], Field(min_length=1)] = Field(
        (10.0, 20.0, 7.0, 30.0), description="frame rates, by turns"
    )
    pixel_sizes_um: Annotated[tuple[Positive, ...], Field(min_length=1)] = Field(
        (1.2, 0.9, 1.2, 1.6, 2.0), description="micrometres a pixel, by turns"
    )
    seed: int = Field(1, ge=0, description="first seed of each preset; the others follow")


class NetworkTraining(Section):
    """How one network is trained."""

    architecture: Literal["compact", "reference"] = Field(
        "compact", description="compact (under 10 MB) or reference (the paper's size)"
    )
    epochs: int = Field(14, ge=1, description="passes, with a validation and a checkpoint after each")
    steps_per_epoch: int = Field(400, ge=1, description="batches in a pass")
    batch_size: int = Field(64, ge=1, description="windows in a batch, over all devices")
    learning_rate: Positive = Field(3e-3, description="learning rate at the start; it falls along a cosine")
    learning_rate_scaling: Literal["none", "sqrt", "linear"] = Field(
        "none",
        description="learning rate for n devices: times 1 (none: batch_size is over all devices), the "
        "root of n or n",
    )
    validation_windows: int = Field(
        4096, ge=1, description="windows of other movies, drawn once, that choose the best epoch"
    )
    hard_weight: Annotated[float, Field(ge=0)] = Field(
        0.02,
        description="activity only: how much DeepCINAC's extra weights of hard windows count (1: as in "
        "DeepCINAC, where a window with a fake transient counts 51 times one with a single real one)",
    )
    types: Annotated[tuple[CellType, ...], Field(min_length=1)] | None = Field(
        None, description="activity only: cells of these types alone are learned; null: all"
    )
    seed: int = Field(1, ge=0, description="seed of weights, order and augmentation")


class InterneuronTraining(NetworkTraining):
    """How the activity network is trained on, for interneurons alone."""

    types: Annotated[tuple[CellType, ...], Field(min_length=1)] | None = Field(
        ("interneuron",), description="cells of these types alone are learned; null: all"
    )


class StneuronetTraining(Section):
    """How STNeuroNet is trained."""

    simulation: StneuronetSimulation = StneuronetSimulation()
    labelled: tuple[str, ...] = Field(
        (),
        description="further folders to learn from, with movie.h5 and rois.h5 that `neurocine label` wrote",
    )
    architecture: Literal["compact", "reference"] = Field(
        "compact", description="compact (neurocine's own) or reference (the paper's)"
    )
    epochs: int = Field(40, ge=1, description="passes, with a validation and a checkpoint after each")
    steps_per_epoch: int = Field(100, ge=1, description="batches in a pass")
    batch_size: int = Field(8, ge=1, description="crops in a batch, over all devices (the paper: 3)")
    crop_px: int = Field(
        96, ge=16, multiple_of=8, description="edge of a crop in pixels of the network (the paper: 144)"
    )
    learning_rate: Positive = Field(
        2e-3, description="learning rate at the start; it falls along a cosine (the paper: 5e-4, constant)"
    )
    learning_rate_scaling: Literal["none", "sqrt", "linear"] = Field(
        "none",
        description="learning rate for n devices: times 1 (none: batch_size is over all devices), the "
        "root of n or n",
    )
    soma_scale: tuple[Positive, Positive] = Field(
        (0.75, 1.5),
        description="movies are shown smaller to larger by a factor in this range, one a movie: somata "
        "differ more between preparations than those that the simulator has outlines of (1, 1: as they are)",
    )
    start: str | None = Field(
        None, description="weights of STNeuroNet to start from, of the same architecture; null: random ones"
    )
    validation_crops: int = Field(
        192, ge=1, description="crops of other movies, drawn once, that choose the best epoch"
    )
    seed: int = Field(1, ge=0, description="seed of weights, order and augmentation")

    @field_validator("soma_scale")
    @classmethod
    def _range(cls, scale: tuple[float, float]) -> tuple[float, float]:
        if scale[0] > scale[1]:
            raise ValueError("give the smaller one first")
        return scale


class FineTuneSettings(Section):
    """A registered model trained on, with a few labelled cells of your own."""

    model: str = Field("cinac-general", description="the model of the registry to start from")
    labelled: tuple[str, ...] = Field(
        (), description="labelled data: folders with movie.h5, rois.h5 and truth.h5, or .cinac files"
    )
    epochs: int = Field(8, ge=1, description="passes, with a validation and a checkpoint after each")
    steps_per_epoch: int = Field(40, ge=1, description="batches in a pass")
    batch_size: int = Field(16, ge=1, description="windows in a batch, over all devices")
    learning_rate: Positive = Field(
        3e-4, description="a tenth of the usual: what the model knows is to be kept"
    )
    seed: int = Field(1, ge=0, description="seed of the split of cells, of order and of augmentation")


class TrainingSettings(Section):
    """Training of the networks on simulated movies."""

    simulation: SimulationSettings = SimulationSettings()
    activity: NetworkTraining = NetworkTraining()
    interneuron: InterneuronTraining = InterneuronTraining(epochs=12, steps_per_epoch=200, learning_rate=5e-4)
    celltype: NetworkTraining = NetworkTraining(
        epochs=16, steps_per_epoch=150, batch_size=32, learning_rate=1e-3
    )
    stneuronet: StneuronetTraining = StneuronetTraining()
    fine_tune: FineTuneSettings = FineTuneSettings()

    @field_validator("celltype")
    @classmethod
    def _of_all_types(cls, celltype: NetworkTraining) -> NetworkTraining:
        if celltype.types is not None:
            raise ValueError("types: cell types are told apart by learning all of them; give null")
        return celltype
