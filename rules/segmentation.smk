"""Find the regions of interest."""


rule segmentation:
    input:
        movie=rules.motion.output.movie,
        given=given_rois,
    output:
        rois=made("segmentation", "rois.h5"),
    log:
        log_of("segmentation"),
    benchmark:
        benchmark_of("segmentation")
    conda:
        "../envs/suite2p.yaml"
    threads: 2
    resources:
        mem_mb=memory_of("segmentation"),
        runtime=runtime_of("segmentation"),
    params:
        settings=settings_of("segmentation"),
        impl=IMPL["segmentation"],
    message:
        saying("Finding the ROIs of {wildcards.recording}")
    script:
        "../workflow_scripts/segmentation_find.py"
