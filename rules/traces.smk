"""Extract fluorescence, neuropil, ΔF/F and events."""


rule traces:
    input:
        movie=rules.motion.output.movie,
        rois=rules.active.output.rois,
    output:
        traces=made("traces", "traces.h5"),
    log:
        log_of("traces"),
    benchmark:
        benchmark_of("traces")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=memory_of("traces"),
        runtime=runtime_of("traces"),
    params:
        settings=settings_of("traces"),
        impl=IMPL["traces"],
    message:
        saying("Extracting the traces of {wildcards.recording}")
    script:
        "../workflow_scripts/traces_extract.py"
