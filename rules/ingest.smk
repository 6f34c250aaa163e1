"""Check a raw movie, whole, before hours are spent on it."""


rule ingest:
    input:
        movie=inputs(movie_files),
    output:
        **writes("ingest"),
    log:
        log_of("ingest"),
    benchmark:
        benchmark_of("ingest")
    conda:
        env_of("ingest")
    threads: threads_of("ingest")
    resources:
        mem_mb=memory_of("ingest"),
        runtime=runtime_of("ingest"),
    params:
        movie=param(movie_files),
        metadata=metadata_of,
        selection=selection_of,
        impl=IMPL["ingest"],
    message:
        saying("Checking the movie of {wildcards.recording}")
    script:
        "../workflow_scripts/ingest_source.py"
