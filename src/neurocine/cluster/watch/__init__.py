"""What a run of the workflow is doing: noted by Snakemake as it happens, read by ``neurocine watch``.

Importing this package loads none of its modules.
"""
