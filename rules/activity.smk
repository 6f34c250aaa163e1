"""Tell in which frames every cell is active."""


rule activity_part:
    input:
        movie=rules.motion.output.movie,
        rois=rules.active.output.rois,
        celltypes=rules.celltype.output.celltypes,
        registry=REGISTRY,
    output:
        activity=temp(made("activity", "part_{part}_of_{parts}.h5")),
    log:
        log_of("activity_part_{part}_of_{parts}"),
    benchmark:
        benchmark_of("activity_part_{part}_of_{parts}")
    wildcard_constraints:
        part=r"\d+",
        parts=r"\d+",
    conda:
        "../envs/tensorflow.yaml"
    threads: 2
    resources:
        mem_mb=memory_of("activity"),
        runtime=runtime_of("activity"),
    params:
        settings=settings_of("activity"),
        impl=IMPL["activity"],
    message:
        saying(
            "Inferring the activity of {wildcards.recording}, part {wildcards.part} of {wildcards.parts}"
        )
    script:
        "../workflow_scripts/activity_part.py"


rule activity:
    input:
        movie=rules.motion.output.movie,
        rois=rules.active.output.rois,
        celltypes=rules.celltype.output.celltypes,
        registry=REGISTRY,
        parts=activity_parts,
    output:
        activity=made("activity", "activity.h5"),
    log:
        log_of("activity"),
    benchmark:
        benchmark_of("activity")
    conda:
        "../envs/tensorflow.yaml"
    threads: 2
    resources:
        mem_mb=memory_of("activity"),
        runtime=runtime_of("activity"),
    params:
        settings=settings_of("activity"),
        impl=IMPL["activity"],
    message:
        saying("Inferring the activity of {wildcards.recording}")
    script:
        "../workflow_scripts/activity_infer.py"
