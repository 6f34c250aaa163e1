"""The version of each step's algorithm, a param of its rule.

Snakemake doesn't see an edit of this package. Raise a step's number with each change that alters its results:
that reruns the step and what depends on it, and nothing else.
"""

IMPL = {
    "ingest": 1,
    "motion": 1,
    "segmentation": 1,
    "active": 1,
    "traces": 1,
    "celltype": 2,
    "activity": 3,
    "assemblies": 1,
    "simulation": 2,
    "training": 2,
    "evaluation": 2,
    "comparison": 1,
    "export": 3,
    "report": 2,
}
