"""Classify every cell by its type."""


rule celltype:
    input:
        **reads("celltype"),
        registry=registry_of(CONFIG.celltype.model),
    output:
        **writes("celltype"),
    log:
        log_of("celltype"),
    benchmark:
        benchmark_of("celltype")
    conda:
        env_of("celltype")
    threads: threads_of("celltype")
    resources:
        mem_mb=memory_of("celltype"),
        runtime=runtime_of("celltype"),
    params:
        settings=settings_of("celltype"),
        impl=IMPL["celltype"],
    message:
        saying("Classifying the cells of {wildcards.recording}")
    script:
        "../workflow_scripts/celltype_classify.py"
