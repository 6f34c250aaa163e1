"""Find the regions of interest."""

BY_STNEURONET = CONFIG.segmentation.engine == "stneuronet"


rule segmentation:
    input:
        movie=rules.motion.output.movie,
        given=given_rois,
        registry=REGISTRY if BY_STNEURONET else [],
    output:
        rois=made("segmentation", "rois.h5"),
    log:
        log_of("segmentation"),
    benchmark:
        benchmark_of("segmentation")
    conda:
        "../envs/tensorflow.yaml" if BY_STNEURONET else "../envs/suite2p.yaml"
    threads: 2
    resources:
        mem_mb=memory_of("segmentation"),
        runtime=runtime_of("segmentation"),
    params:
        # STNeuroNet's settings are also those of the step active.
        settings=CONFIG.segmentation.model_dump(
            exclude=set() if BY_STNEURONET else {"stneuronet"}
        ),
        impl=IMPL["segmentation"],
    message:
        saying("Finding the ROIs of {wildcards.recording}")
    script:
        "../workflow_scripts/segmentation_find.py"
