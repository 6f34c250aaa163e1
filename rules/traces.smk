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
        env_of(DECONVOLUTION_ENGINES, CONFIG.traces.deconvolution)
    threads: 1
    resources:
        mem_mb=memory_of("traces"),
        runtime=runtime_of("traces"),
    params:
        settings=traces_settings(CONFIG.traces.deconvolution),
        impl=IMPL["traces"],
    message:
        saying("Extracting the traces of {wildcards.recording}")
    script:
        "../workflow_scripts/traces_extract.py"
