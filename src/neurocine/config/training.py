"""Sections of training: the simulated corpora, and the training of each network."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, field_validator

from neurocine.config.section import CellType, Fraction, Positive, PresetName, Section


def _any_movies(movies: dict[PresetName, int]) -> dict[PresetName, int]:
    if not any(movies.values()):
        raise ValueError("at least one preset needs a number of movies above 0")
    return movies


Movies = Annotated[dict[PresetName, Annotated[int, Field(ge=0)]], AfterValidator(_any_movies)]


class Anatomy(Section):
    """Fields of view of simulated movies."""

    fov_px: Annotated[int, Field(ge=32)] | None = Field(
        None, description="edge of the field of view in pixels, of all movies; null: the preset's"
    )
    fields: str | None = Field(
        None,
        description="file with real mean images and masks (`python -m neurocine.simulation.fields`), whose "
        "anatomy some movies of the tissue presets get; null: all fields are simulated",
    )
    field_share: Fraction = Field(0.4, description="share of these movies, if there is such a file")


class SimulationSettings(Section):
    """Simulated movies with truth (after DeepCINAC, section 2.4, #2, and hybrid movies)."""

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
        description="number of training movies per preset (see the docs); a preset with 0 is in no split",
    )
    held_out: int = Field(
        2,
        ge=1,
        description="validation movies per preset, which select the best epoch, and as many test movies",
    )
    n_frames: int = Field(2500, ge=100, description="frames per movie")
    frame_rate_hz: Positive = Field(
        10.0, description="frame rate of all movies: the networks' own, so that none is resampled"
    )
    pixel_size_um: Positive = Field(2.0, description="micrometres per pixel of all movies: the networks' own")
    anatomy: Anatomy = Anatomy()
    seed: int = Field(
        1, ge=0, description="seed of the first movie of each preset; each further movie adds 1"
    )


class StneuronetSimulation(Section):
    """Simulated training movies of STNeuroNet: several frame rates, scales, densities and depths."""

    movies: Movies = Field(
        {
            "cortex-6s": 48,
            "cortex-6f": 48,
            "ca1-development": 40,
            "ca1-interneurons": 12,
            "low-rate": 12,
            "geco": 8,
        },
        description="number of training movies per preset (see the docs); a preset with 0 is in no split",
    )
    held_out: int = Field(
        2,
        ge=1,
        description="validation movies per preset, which select the best epoch, and as many test movies",
    )
    duration_s: Positive = Field(120.0, description="duration of a movie in seconds")
    frame_rates_hz: Annotated[tuple[Positive, ...], Field(min_length=1)] = Field(
        (10.0, 20.0, 7.0, 30.0), description="frame rates in Hz, in turn"
    )
    pixel_sizes_um: Annotated[tuple[Positive, ...], Field(min_length=1)] = Field(
        (1.2, 0.9, 1.2, 1.6, 2.0), description="micrometres per pixel, in turn"
    )
    anatomy: Anatomy = Anatomy()
    seed: int = Field(
        1, ge=0, description="seed of the first movie of each preset; each further movie adds 1"
    )


class NetworkTraining(Section):
    """Training of one network."""

    architecture: Literal["compact", "reference"] = Field(
        "compact", description="compact (under 10 MB) or reference (the paper's size)"
    )
    epochs: int = Field(14, ge=1, description="epochs; each ends with a validation and a checkpoint")
    steps_per_epoch: int = Field(400, ge=1, description="batches per epoch")
    batch_size: int = Field(64, ge=1, description="windows per batch, over all devices")
    learning_rate: Positive = Field(3e-3, description="initial learning rate; it decays along a cosine")
    learning_rate_scaling: Literal["none", "sqrt", "linear"] = Field(
        "none",
        description="factor of the learning rate on n devices: none (1, since batch_size counts all "
        "devices), sqrt (the square root of n) or linear (n)",
    )
    validation_windows: int = Field(
        4096, ge=1, description="fixed windows of the validation movies that select the best epoch"
    )
    hard_weight: Annotated[float, Field(ge=0)] = Field(
        0.02,
        description="activity only: strength of DeepCINAC's extra weights of hard windows (1: as in "
        "DeepCINAC, where a window with a fake transient counts 51 times one with a single real one)",
    )
    types: Annotated[tuple[CellType, ...], Field(min_length=1)] | None = Field(
        None, description="activity only: train on cells of these types; null: on all"
    )
    seed: int = Field(1, ge=0, description="seed of initial weights, order and augmentation")


class InterneuronTraining(NetworkTraining):
    """Further training of the activity network on interneurons."""

    types: Annotated[tuple[CellType, ...], Field(min_length=1)] | None = Field(
        ("interneuron",), description="train on cells of these types; null: on all"
    )


class StneuronetTraining(Section):
    """Training of STNeuroNet."""

    simulation: StneuronetSimulation = StneuronetSimulation()
    labelled: tuple[str, ...] = Field(
        (),
        description="further training data: folders with movie.h5 and rois.h5, written by `neurocine label`",
    )
    architecture: Literal["compact", "reference"] = Field(
        "compact", description="compact (neurocine's own) or reference (the paper's)"
    )
    epochs: int = Field(40, ge=1, description="epochs; each ends with a validation and a checkpoint")
    steps_per_epoch: int = Field(100, ge=1, description="batches per epoch")
    batch_size: int = Field(8, ge=1, description="crops per batch, over all devices (the paper: 3)")
    crop_px: int = Field(
        96, ge=16, multiple_of=8, description="edge of a crop in the network's pixels (the paper: 144)"
    )
    learning_rate: Positive = Field(
        2e-3, description="initial learning rate; it decays along a cosine (the paper: 5e-4, constant)"
    )
    learning_rate_scaling: Literal["none", "sqrt", "linear"] = Field(
        "none",
        description="factor of the learning rate on n devices: none (1, since batch_size counts all "
        "devices), sqrt (the square root of n) or linear (n)",
    )
    soma_scale: tuple[Positive, Positive] = Field(
        (0.75, 1.5),
        description="each movie is rescaled by one factor drawn from this range, because somata differ more "
        "between preparations than in the simulator's outlines (1, 1: no rescaling)",
    )
    start: str | None = Field(
        None, description="initial weights of STNeuroNet, of the same architecture; null: random"
    )
    validation_crops: int = Field(
        192, ge=1, description="fixed crops of the validation movies that select the best epoch"
    )
    seed: int = Field(1, ge=0, description="seed of initial weights, order and augmentation")

    @field_validator("soma_scale")
    @classmethod
    def _range(cls, scale: tuple[float, float]) -> tuple[float, float]:
        if scale[0] > scale[1]:
            raise ValueError("put the smaller factor first")
        return scale


class FineTuneSettings(Section):
    """Fine-tuning of a registered model with a few labelled cells of your own."""

    model: str = Field("cinac-tissue", description="model to start from: NAME or FOLDER/NAME")
    labelled: tuple[str, ...] = Field(
        (),
        description="labelled data: folders with movie.h5, rois.h5 and truth.h5, or .cinac files; for a "
        "cell-type model also results of a recording with a structural channel",
    )
    with_corpus: bool = Field(
        False,
        description="also train on the simulated movies of training.simulation, half of the windows, so that "
        "the model forgets less (for snakemake fine_tune; the command has --corpus)",
    )
    epochs: int = Field(8, ge=1, description="epochs; each ends with a validation and a checkpoint")
    steps_per_epoch: int = Field(40, ge=1, description="batches per epoch")
    batch_size: int = Field(16, ge=1, description="windows per batch, over all devices")
    learning_rate: Positive = Field(
        3e-4, description="a tenth of the usual rate, so that the model keeps what it learned"
    )
    seed: int = Field(1, ge=0, description="seed of the split of cells, the order and the augmentation")


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
            raise ValueError("types: a classifier needs all cell types; set it to null")
        return celltype


class CorpusMovie(NamedTuple):
    """The parameters of one movie of a corpus.

    Attributes
    ----------
    split
        ``train``, ``validation`` or ``test``.
    preset, seed, n_frames, frame_rate_hz, pixel_size_um, fov_px, fields
        As for `neurocine.simulation.simulate`; None: the preset's own.
    """

    split: str
    preset: str
    seed: int
    n_frames: int | None
    frame_rate_hz: float | None
    pixel_size_um: float | None
    fov_px: int | None = None
    fields: str | None = None

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"{self.split}-{self.preset}-{self.seed:04d}"

    @property
    def made(self) -> dict[str, Any]:
        """What it is simulated with: movies without a field of their own keep the arguments they had."""
        unset = {name for name in ("fov_px", "fields") if getattr(self, name) is None}
        return {name: value for name, value in self._asdict().items() if name not in unset}


def corpus_movies(settings: SimulationSettings | StneuronetSimulation) -> list[CorpusMovie]:
    """Return the movies of a corpus, by preset.

    No seed is in two splits. The test movies come first, then the validation movies, so that a larger corpus
    is evaluated on the same movies.
    """
    held_out = settings.held_out
    movies = []
    for preset, n in settings.movies.items():
        splits = ["test"] * held_out + ["validation"] * held_out + ["train"] * n if n else []
        movies += [
            CorpusMovie(
                split,
                preset,
                settings.seed + i,
                *_sampling(settings, i),
                settings.anatomy.fov_px,
                _fields_of(settings.anatomy, preset, i),
            )
            for i, split in enumerate(splits)
        ]
    return movies


def _fields_of(anatomy: Anatomy, preset: str, i: int) -> str | None:
    """Return the file of fields of movie `i` of a preset: its share is spread evenly over the movies."""
    due = int((i + 1) * anatomy.field_share) > int(i * anatomy.field_share)
    return anatomy.fields if due and preset.startswith("tissue-") else None


def _sampling(settings: SimulationSettings | StneuronetSimulation, i: int) -> tuple[int, float, float]:
    """Return the frames, frame rate (Hz) and pixel size (µm) of movie `i` of a preset."""
    if isinstance(settings, SimulationSettings):
        return settings.n_frames, settings.frame_rate_hz, settings.pixel_size_um
    rates, scales = settings.frame_rates_hz, settings.pixel_sizes_um
    rate = rates[i % len(rates)]
    return max(130, round(settings.duration_s * rate)), rate, scales[i % len(scales)]
