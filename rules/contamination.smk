"""Find transients that an overlapping neighbour's light causes."""


rule contamination:
    input:
        **reads("contamination"),
    output:
        **writes("contamination"),
    log:
        log_of("contamination"),
    benchmark:
        benchmark_of("contamination")
    conda:
        env_of("contamination")
    threads: threads_of("contamination")
    resources:
        mem_mb=memory_of("contamination"),
        runtime=runtime_of("contamination"),
    params:
        impl=IMPL["contamination"],
    message:
        saying("Looking for light of neighbours in the cells of {wildcards.recording}")
    script:
        "../workflow_scripts/contamination_find.py"
