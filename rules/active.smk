"""Find which ROIs are active neurons."""


rule active:
    input:
        **reads("active"),
        registry=(
            []
            if CONFIG.active.mode == "off"
            else registry_of(CONFIG.segmentation.stneuronet.model)
        ),
    output:
        **writes("active"),
    log:
        log_of("active"),
    benchmark:
        benchmark_of("active")
    conda:
        env_of("active")
    threads: threads_of("active")
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
        saying("Finding the active neurons of {wildcards.recording}")
    script:
        "../workflow_scripts/active_match.py"
