"""A page per recording, and an index of all."""


rule report:
    input:
        **reads("report"),
    output:
        **writes("report"),
    log:
        log_of("report"),
    benchmark:
        benchmark_of("report")
    conda:
        env_of("report")
    threads: threads_of("report")
    resources:
        mem_mb=memory_of("report"),
        runtime=runtime_of("report"),
    params:
        settings=settings_of("report"),
        # How jobs are cut alters no result.
        config=CONFIG.model_dump(exclude={"cluster"}),
        impl=IMPL["report"],
    message:
        saying("Writing the report of {wildcards.recording}")
    script:
        "../workflow_scripts/report_write.py"


rule report_index:
    input:
        cards=expand(rules.report.output.card, recording=RECORDINGS),
    output:
        html=f"{CONFIG.results}/index.html",
    log:
        f"{CONFIG.results}/logs/report_index.log",
    benchmark:
        f"{CONFIG.results}/benchmarks/report_index.tsv"
    conda:
        env_of("report_index")
    threads: threads_of("report_index")
    resources:
        mem_mb=memory_of("report_index"),
        runtime=runtime_of("report_index"),
    params:
        impl=IMPL["report"],
    message:
        saying("Writing the index of all reports")
    script:
        "../workflow_scripts/report_index.py"
