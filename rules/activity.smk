"""Tell in which frames every cell is active."""


rule activity:
    input:
        movie=rules.motion.output.movie,
        rois=rules.active.output.rois,
        celltypes=rules.celltype.output.celltypes,
        registry=REGISTRY,
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
