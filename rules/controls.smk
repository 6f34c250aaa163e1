"""Plant known cells into a recording and mirror it, to see how far its results can be trusted."""

# Controls run all that made the results again, with the same settings.
CONTROLLED = {"engines", *steps.BY_NAME["controls"].settings}


rule controls:
    input:
        **reads("controls"),
    output:
        **writes("controls"),
    log:
        log_of("controls"),
    benchmark:
        benchmark_of("controls")
    conda:
        env_of("controls")
    threads: threads_of("controls")
    resources:
        mem_mb=memory_of("controls"),
        runtime=runtime_of("controls"),
    params:
        config=CONFIG.model_dump(include=CONTROLLED),
        impl=IMPL["controls"],
    message:
        saying("Running the controls of {wildcards.recording}")
    script:
        "../workflow_scripts/controls_run.py"
