"""Register every frame onto a template."""


rule motion:
    input:
        **reads("motion"),
        movie=inputs(movie_files),
    output:
        **writes("motion"),
    log:
        log_of("motion"),
    benchmark:
        benchmark_of("motion")
    conda:
        env_of("motion")
    threads: threads_of("motion")
    resources:
        mem_mb=memory_of("motion"),
        runtime=runtime_of("motion"),
    params:
        settings=settings_of("motion"),
        impl=IMPL["motion"],
    message:
        saying("Registering {wildcards.recording}")
    script:
        "../workflow_scripts/motion_register.py"
