"""The engines of the steps: a new engine is one module and one line here, or a plug-in.

A plug-in is another distribution that names its engine in one of the entry-point groups
``neurocine.motion_engines``, ``neurocine.segmentation_engines`` and ``neurocine.deconvolution_engines``. The
entry point has the engine's name and refers to an `EngineEntry`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from neurocine.steps import Cost


@dataclass(frozen=True)
class EngineEntry:
    """One engine of a step.

    Attributes
    ----------
    module
        Module of the engine; imported only when it is used, because suite2p takes half a minute to load.
    env
        Conda environment of the rule with ``--sdm conda``: a name in ``envs/``, or the file of a plug-in.
    remedy
        What to do if the engine can't be loaded.
    package
        Optional package that it imports, such as suite2p; None: it needs no optional package.
    cost
        Resources of a job that weren't measured; None: those of the step.
    settings
        Model of a plug-in's section of the config. The section has the engine's name and stands in that of
        the step, such as ``segmentation.hnccorr``; None: the plug-in has no settings.
    """

    module: str
    env: str | Path
    remedy: str = "Install neurocine again."
    package: str | None = None
    cost: Cost | None = None
    settings: type[BaseModel] | None = None


#: Plug-ins in the repository of neurocine by engine: how to install each of them.
OWN_PLUGINS: Mapping[str, str] = {
    "hnccorr": "`pip install plugins/neurocine-hnccorr` in the folder of neurocine's source code installs it "
    "(the licence of HNCcorr allows non-commercial use only)"
}


class EngineTable(Mapping[str, EngineEntry]):
    """The engines of a step by name: neurocine's own, then those of the installed plug-ins.

    Parameters
    ----------
    group
        Entry-point group of the plug-ins.
    own
        Engines of neurocine. A plug-in can't replace them.
    """

    def __init__(self, group: str, own: dict[str, EngineEntry]) -> None:
        self.group = group
        self.own = own

    def __getitem__(self, name: str) -> EngineEntry:
        """Return the entry of an engine; a plug-in is imported.

        Raises
        ------
        KeyError
            If no engine has this name.
        ValueError
            If the plug-in can't be loaded.
        """
        if name in self.own:
            return self.own[name]
        for plugin in self.plugins():
            if plugin.name == name:
                return _loaded(plugin)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys((*self.own, *(plugin.name for plugin in self.plugins())))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return name in self.own or any(plugin.name == name for plugin in self.plugins())

    def require(self, name: str) -> str:
        """Return `name`.

        Raises
        ------
        ValueError
            If no engine has this name, with the choices or how to install the plug-in.
        """
        if name in self:
            return name
        if name in OWN_PLUGINS:
            raise ValueError(f"the plug-in with the engine {name} isn't installed; {OWN_PLUGINS[name]}")
        raise ValueError(f"unknown engine {name!r}; choose one of {', '.join(self)}")

    def plugins(self) -> tuple[EntryPoint, ...]:
        """Return the entry points of the installed plug-ins."""
        return tuple(entry_points(group=self.group))


def _loaded(plugin: EntryPoint) -> EngineEntry:
    try:
        entry = plugin.load()
    except (ImportError, AttributeError) as error:
        raise ValueError(f"the plug-in {plugin.value} can't be loaded ({error})") from error
    if not isinstance(entry, EngineEntry):
        raise ValueError(f"the plug-in {plugin.value} is a {type(entry).__name__}, not an EngineEntry")
    return entry


_OASIS = "Install it: pip install oasis-deconv."
_SUITE2P = "Install it and what it needs: pip install suite2p cellpose."
_CAIMAN = "Name the Python of an environment with CaImAn in engines.caiman.python."

MOTION_ENGINES = EngineTable(
    "neurocine.motion_engines",
    {
        "suite2p": EngineEntry("neurocine.motion.suite2p_engine", "suite2p", _SUITE2P, "suite2p"),
        "caiman": EngineEntry("neurocine.motion.caiman_engine", "caiman", _CAIMAN, "caiman"),
        "cinac": EngineEntry("neurocine.motion.cinac_engine", "core"),
        "neurocine": EngineEntry("neurocine.motion.neurocine_engine", "core"),
        "none": EngineEntry("neurocine.motion.none_engine", "core"),
    },
)

SEGMENTATION_ENGINES = EngineTable(
    "neurocine.segmentation_engines",
    {
        "suite2p": EngineEntry("neurocine.segmentation.suite2p_engine", "suite2p", _SUITE2P, "suite2p"),
        "stneuronet": EngineEntry("neurocine.segmentation.stneuronet_engine", "tensorflow"),
        # The memory maps hold 32 bits per pixel, and CaImAn works on several copies of a patch.
        "caiman": EngineEntry(
            "neurocine.segmentation.caiman_engine", "caiman", _CAIMAN, "caiman", Cost(4000, 4.0, 20, 120)
        ),
        "caiman-online": EngineEntry(
            "neurocine.segmentation.caiman_engine", "caiman", _CAIMAN, "caiman", Cost(4000, 2.0, 20, 60)
        ),
        "given": EngineEntry("neurocine.segmentation.given_engine", "core"),
    },
)

DECONVOLUTION_ENGINES = EngineTable(
    "neurocine.deconvolution_engines",
    {
        "oasis": EngineEntry("neurocine.traces.oasis_engine", "core", _OASIS, "oasis"),
        "suite2p": EngineEntry(
            "neurocine.traces.suite2p_engine", "suite2p", _SUITE2P, "suite2p", Cost(3000, 0.2, 15, 10)
        ),
        "caiman": EngineEntry(
            "neurocine.traces.caiman_engine", "caiman", _CAIMAN, "caiman", Cost(4000, 0.2, 20, 20)
        ),
        # Time depends on frames and cells, not on pixels: hundreds of cells over an hour at 30 Hz take an
        # hour or two.
        "mcmc": EngineEntry("neurocine.traces.mcmc_engine", "core", cost=Cost(2500, 0.2, 30, 60)),
    },
)

#: The engine that takes the ROIs named in the column ``rois`` of the recordings table.
GIVEN = "given"

#: The engines of each step that has a choice of them.
ENGINES: Mapping[str, EngineTable] = {
    "motion": MOTION_ENGINES,
    "segmentation": SEGMENTATION_ENGINES,
    "traces": DECONVOLUTION_ENGINES,
}

#: Name of STNeuroNet among the engines that found an ROI.
STNEURONET: Final = "stneuronet"

#: Name of the z-score threshold on ΔF/F: a baseline method without deconvolution.
ZSCORE = "zscore"
#: Baseline methods of activity.
BASELINES = (*DECONVOLUTION_ENGINES, ZSCORE)
