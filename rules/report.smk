"""One page a recording, and an index of them all."""


rule report:
    input:
        source=rules.ingest.output.source,
        movie=rules.motion.output.movie,
        rois=rules.active.output.rois,
        traces=rules.traces.output.traces,
        celltypes=rules.celltype.output.celltypes,
        activity=rules.activity.output.activity,
        assemblies=(
            rules.assemblies.output.assemblies if CONFIG.assemblies.find else []
        ),
        provenance=rules.export_provenance.output.json,
    output:
        html=made("report", "report.html"),
    log:
        log_of("report"),
    benchmark:
        benchmark_of("report")
    conda:
        "../envs/core.yaml"
    threads: 1
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
        reports=expand(rules.report.output.html, recording=RECORDINGS),
    output:
        html=f"{CONFIG.results}/index.html",
    log:
        f"{CONFIG.results}/logs/report_index.log",
    benchmark:
        f"{CONFIG.results}/benchmarks/report_index.tsv"
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=memory_of("report"),
        runtime=runtime_of("report"),
    params:
        impl=IMPL["report"],
    message:
        saying("Writing the index of all reports")
    script:
        "../workflow_scripts/report_index.py"
