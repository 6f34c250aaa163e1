"""The journal that every run of the workflow keeps, and what ``neurocine watch`` reads from it.

The package ``snakemake-logger-plugin-snkmt`` isn't used, because it needs an option and a database
per run and records neither SLURM's job ids nor Snakemake's process: a killed run would still seem to run.

Importing this package loads none of its modules.
"""
