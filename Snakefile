"""neurocine: from raw two-photon movies to active neurons, their types and their activity."""

from snakemake.utils import min_version

min_version("9.27")


# Snakemake would mix the two: a config named on the command line stands alone.
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


include: "rules/common.smk"


for word in steps.WORDS:

    include: f"rules/{word}.smk"


include: "rules/hooks.smk"
include: "rules/targets.smk"


rule all:
    default_target: True
    input:
        index=rules.report_index.output.html,
        exports=exports(),
        activity=rules.evaluate_activity.output if WITH_TRUTH else [],
        segmentation=rules.evaluate_segmentation.output if JUDGED else [],
    message:
        "Everything is in {input.index}"
