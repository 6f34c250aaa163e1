"""The engines by name: a new engine is one module, and one line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class EngineEntry:
    """One engine of a step.

    Attributes
    ----------
    module
        Module of the engine; imported only when it is used, because suite2p takes half a minute to load.
    env
        Environment in ``envs/`` in which the rule runs with ``--sdm conda``.
    remedy
        What to do if the engine can't be loaded.
    package
        Optional package that it imports, such as suite2p; None: it needs no optional package.
    """

    module: str
    env: str
    remedy: str = "Install neurocine again."
    package: str | None = None


_OASIS = "Install it: pip install oasis-deconv."
_SUITE2P = "Install it and what it needs: pip install 'neurocine[suite2p]'."
_HNCCORR = "For non-commercial use: pip install hnccorr==2020.5.1 sklearn==0.0 (needs a C compiler)."
_CAIMAN = "Name the Python of an environment with CaImAn in engines.caiman.python."

MOTION_ENGINES = {
    "suite2p": EngineEntry("neurocine.motion.suite2p_engine", "suite2p", _SUITE2P, "suite2p"),
    "caiman": EngineEntry("neurocine.motion.caiman_engine", "caiman", _CAIMAN, "caiman"),
    "cinac": EngineEntry("neurocine.motion.cinac", "core"),
    "none": EngineEntry("neurocine.motion.none", "core"),
}

SEGMENTATION_ENGINES = {
    "suite2p": EngineEntry("neurocine.segmentation.suite2p_engine", "suite2p", _SUITE2P, "suite2p"),
    "stneuronet": EngineEntry("neurocine.segmentation.stneuronet_engine", "tensorflow"),
    "caiman": EngineEntry("neurocine.segmentation.caiman_engine", "caiman", _CAIMAN, "caiman"),
    "caiman-online": EngineEntry("neurocine.segmentation.caiman_engine", "caiman", _CAIMAN, "caiman"),
    "hnccorr": EngineEntry("neurocine.segmentation.hnccorr_engine", "hnccorr", _HNCCORR, "hnccorr"),
    "given": EngineEntry("neurocine.segmentation.given", "core"),
}

DECONVOLUTION_ENGINES = {
    "oasis": EngineEntry("neurocine.traces.oasis_engine", "core", _OASIS, "oasis"),
    "suite2p": EngineEntry("neurocine.traces.suite2p_engine", "suite2p", _SUITE2P, "suite2p"),
    "caiman": EngineEntry("neurocine.traces.caiman_engine", "caiman", _CAIMAN, "caiman"),
    "mcmc": EngineEntry("neurocine.traces.mcmc_engine", "core"),
}

#: Name of STNeuroNet among the engines that found an ROI.
STNEURONET: Final = "stneuronet"

#: Name of the z-score threshold on ΔF/F: a baseline method without deconvolution.
ZSCORE = "zscore"
#: Baseline methods of activity.
BASELINES = (*DECONVOLUTION_ENGINES, ZSCORE)


def known_engine(engines: dict[str, EngineEntry], name: str) -> str:
    """Return `name` if it is one of `engines`.

    Raises
    ------
    ValueError
        If it isn't, with the choices.
    """
    if name not in engines:
        raise ValueError(f"unknown engine {name!r}; choose one of {', '.join(engines)}")
    return name
