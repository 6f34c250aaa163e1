"""Snakemake that asks SLURM about its jobs every second, for waits of minutes are no use in a test."""

import asyncio

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor


async def _soon(self: RemoteExecutor) -> None:
    await asyncio.sleep(1)


RemoteExecutor.sleep = _soon
main()
