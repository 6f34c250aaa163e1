"""Find the regions of interest."""

BY_STNEURONET = CONFIG.segmentation.engine == "stneuronet"


rule segmentation:
    input:
        **reads("segmentation"),
        given=inputs(given_rois),
        registry=(
            registry_of(CONFIG.segmentation.stneuronet.model) if BY_STNEURONET else []
        ),
    output:
        **writes("segmentation"),
    log:
        log_of("segmentation"),
    benchmark:
        benchmark_of("segmentation")
    conda:
        env_of("segmentation")
    threads: threads_of("segmentation")
    resources:
        mem_mb=memory_of("segmentation"),
        runtime=runtime_of("segmentation"),
    params:
        settings=segmentation_settings(CONFIG.segmentation.engine),
        rois=param(given_rois),
        impl=IMPL["segmentation"],
    message:
        saying("Finding the ROIs of {wildcards.recording}")
    script:
        "../workflow_scripts/segmentation_find.py"
