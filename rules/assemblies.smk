"""Find synchronous calcium events and the cell assemblies in them."""


rule assemblies:
    input:
        **reads("assemblies"),
    output:
        **writes("assemblies"),
        picture=recording_file("assemblies/assemblies.png"),
    log:
        log_of("assemblies"),
    benchmark:
        benchmark_of("assemblies")
    conda:
        env_of("assemblies")
    threads: threads_of("assemblies")
    resources:
        mem_mb=memory_of("assemblies"),
        runtime=runtime_of("assemblies"),
    params:
        settings=settings_of("assemblies"),
        impl=IMPL["assemblies"],
    message:
        saying("Finding the cell assemblies of {wildcards.recording}")
    script:
        "../workflow_scripts/assemblies_find.py"
