"""Extract fluorescence, neuropil, ΔF/F and events."""


rule traces:
    input:
        **reads("traces"),
    output:
        **writes("traces"),
    log:
        log_of("traces"),
    benchmark:
        benchmark_of("traces")
    conda:
        env_of("traces")
    threads: threads_of("traces")
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
