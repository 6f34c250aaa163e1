"""Clusters of SCEs by common cells, and their significance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_samples
from threadpoolctl import threadpool_limits

from neurocine.config import AssembliesSettings
from neurocine.core.assemblies import NONE, similarity
from neurocine.progress import Progress, silent

#: Fewest SCEs that are clustered: two clusters of the smallest size.
LEAST_SCES = 10
#: Fewest SCEs of a cluster: a few similar ones are no assembly.
LEAST_CLUSTER = 5
#: Groups of SCEs of similar size, within which the SCEs of each cell are shuffled.
SIZE_GROUPS = 4


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters of M SCEs.

    Attributes
    ----------
    cluster
        Cluster of each SCE, (M,) int64, -1: none better than chance; 0 is the largest.
    silhouette
        Silhouette of each SCE, (M,) float64.
    null
        Median silhouette that a cluster must be above to be better than shuffled SCEs, NaN if nothing was
        clustered.
    """

    cluster: NDArray[np.int64]
    silhouette: NDArray[np.float64]
    null: float


def cluster_sces(
    participation: NDArray[np.bool_], settings: AssembliesSettings, progress: Progress = silent
) -> Clusters:
    """Cluster SCEs by k-means on their normalised covariance (Malvache et al. 2016; Modol et al. 2020).

    The features of an SCE are its row of the covariance matrix. The start with the least inertia counts, and
    the number of clusters with the highest mean silhouette (distance: 1 − covariance). A cluster is kept if
    its median silhouette is well above that of all clusters of shuffled SCEs: alternately, the cells of each
    SCE are drawn at random (as in the papers), and each cell's SCEs are shuffled among those of about the
    same size (`shuffled_alike`).

    Parameters
    ----------
    participation
        Which cells take part in which SCE, (N, M) bool.
    settings
        Numbers of clusters, starts and shuffles, seed.
    progress
        Called with the starts that are done, then with the shuffles.
    """
    m = participation.shape[1]
    if m < LEAST_SCES:
        return Clusters(np.full(m, NONE), np.zeros(m), float("nan"))
    seeds = np.random.default_rng((settings.seed, 2))
    # With few SCEs, threads would only wait for each other.
    with threadpool_limits(1):
        labels, silhouette = _best(similarity(participation), settings, seeds, progress)
        null = _null(participation, int(labels.max()) + 1, settings, seeds, progress)
    medians = cluster_medians(labels, silhouette)
    kept = [k for k in np.argsort(-np.bincount(labels), kind="stable") if medians[k] > null]
    cluster = np.full(m, NONE, dtype=np.int64)
    for new, old in enumerate(kept):
        cluster[labels == old] = new
    return Clusters(cluster, silhouette, null)


def cluster_medians(labels: NDArray[np.int64], silhouette: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median silhouette of each cluster 0, 1, ..., -1 for clusters of too few SCEs."""
    sizes = np.bincount(labels)
    return np.array(
        [
            np.median(silhouette[labels == k]) if size >= LEAST_CLUSTER else -1.0
            for k, size in enumerate(sizes)
        ]
    )


def shuffled_alike(participation: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return `participation` (N, M) with each cell's SCEs shuffled among those of about the same size.

    Each cell takes part in as many small and large SCEs as before: that busy cells fill the small SCEs, which
    occur by chance, and that any cell joins large ones, is no assembly.
    """
    order = np.lexsort((rng.random(participation.shape[1]), participation.sum(axis=0)))
    shuffled = participation.copy()
    for group in np.array_split(order, SIZE_GROUPS):
        shuffled[:, group] = rng.permuted(participation[:, group], axis=1)
    return shuffled


def _best(
    covariance: NDArray[np.float64],
    settings: AssembliesSettings,
    seeds: np.random.Generator,
    progress: Progress,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return clusters and silhouettes, (M,) each, where the mean silhouette is highest."""
    most = min(settings.max_clusters, len(covariance) // LEAST_CLUSTER)
    runs = []
    for k in range(2, most + 1):
        runs.append(_run(covariance, k, settings.starts, seeds))
        progress("clusters of events", k - 1, most - 1)
    return max(runs, key=lambda run: float(run[1].mean()))


def _null(
    participation: NDArray[np.bool_],
    k: int,
    settings: AssembliesSettings,
    seeds: np.random.Generator,
    progress: Progress,
) -> float:
    """Return the median silhouette that clusters must exceed.

    For each kind of shuffling: the maximum over all sets, plus its distance from their median. The maximum of
    a few dozen sets alone would sometimes be exceeded by chance.
    """
    highest = np.empty(settings.cluster_surrogates)
    for done in range(len(highest)):
        shuffled = shuffled_alike(participation, seeds) if done % 2 else seeds.permuted(participation, axis=0)
        labels, silhouette = _run(similarity(shuffled), k, settings.surrogate_starts, seeds)
        highest[done] = cluster_medians(labels, silhouette).max()
        progress("clusters of shuffled events", done + 1, len(highest))
    return max(float(2 * way.max() - np.median(way)) for way in (highest[::2], highest[1::2]))


def _run(
    covariance: NDArray[np.float64], k: int, starts: int, seeds: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return clusters and silhouettes, (M,) each, of the best of `starts` starts of k-means."""
    means = KMeans(k, n_init=starts, random_state=int(seeds.integers(2**31)))
    labels = means.fit_predict(covariance).astype(np.int64)
    if labels.min() == labels.max():  # all SCEs equal: one cluster only
        return labels, np.zeros(len(labels))
    return labels, np.asarray(silhouette_samples(1 - covariance, labels, metric="precomputed"))
