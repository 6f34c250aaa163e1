"""Before the first job, and after a run in which some failed."""

from snakemake.logging import logger

from neurocine.cluster.head import interrupted


onstart:
    if workflow.executor_plugin.name == "slurm":
        from neurocine.cluster.orphans import refuse_orphans

        try:
            refuse_orphans(Path.cwd())
        except InputError as error:
            raise WorkflowError(str(error)) from None


onerror:
    undone = list(workflow.dag.needrun_jobs())
    if not interrupted() and any(job.rule.name == "report_index" for job in undone):
        # Takes seconds to import, and a run that goes well doesn't need it.
        from neurocine.report import write_unfinished_index

        index = Path(rules.report_index.output.html)
        names = {job.wildcards_dict.get("recording") for job in undone} & set(
            RECORDINGS
        )
        folders = [Path(CONFIG.results) / name for name in RECORDINGS]
        write_unfinished_index(folders, names, Path(log[0]), index)
        logger.info(
            f"{len(names)} of {len(RECORDINGS)} recordings aren't finished: {index} says why."
        )
