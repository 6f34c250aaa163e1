"""Register every frame onto a template."""


rule motion:
    input:
        movie=movie_files,
        source=rules.ingest.output.source,
    output:
        movie=made("motion", "movie.h5"),
    log:
        log_of("motion"),
    benchmark:
        benchmark_of("motion")
    conda:
        env_of(MOTION_ENGINES, CONFIG.motion.engine)
    threads: 2
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
