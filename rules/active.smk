"""Tell which ROIs are active neurons."""


rule active:
    input:
        movie=rules.motion.output.movie,
        rois=rules.segmentation.output.rois,
        registry=REGISTRY if CONFIG.active.mode != "off" else [],
    output:
        rois=made("active", "rois.h5"),
    log:
        log_of("active"),
    benchmark:
        benchmark_of("active")
    conda:
        "../envs/tensorflow.yaml"
    threads: 2
    resources:
        mem_mb=memory_of("active"),
        runtime=runtime_of("active"),
    params:
        settings=settings_of("active"),
        stneuronet=(
            {}
            if CONFIG.active.mode == "off"
            else CONFIG.segmentation.stneuronet.model_dump()
        ),
        impl=IMPL["active"],
    message:
        saying("Telling the active neurons of {wildcards.recording}")
    script:
        "../workflow_scripts/active_match.py"
