"""neurocine: from raw two-photon movies to active neurons, their types and their activity."""

from snakemake.utils import min_version

min_version("9.27")


# Snakemake would mix the two: a config named on the command line stands alone.
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/ingest.smk"
include: "rules/motion.smk"
include: "rules/segmentation.smk"
include: "rules/active.smk"
include: "rules/traces.smk"
include: "rules/celltype.smk"
include: "rules/activity.smk"
include: "rules/assemblies.smk"
include: "rules/export.smk"
include: "rules/report.smk"
include: "rules/hooks.smk"
include: "rules/simulation.smk"
include: "rules/training.smk"
include: "rules/evaluation.smk"
include: "rules/comparison.smk"
include: "rules/targets.smk"


rule all:
    default_target: True
    input:
        index=rules.report_index.output.html,
        provenance=expand(rules.export_provenance.output.json, recording=RECORDINGS),
        exports=exports(),
        activity=rules.evaluate_activity.output if WITH_TRUTH else [],
        segmentation=rules.evaluate_segmentation.output if JUDGED else [],
    message:
        "Everything is in {input.index}"
