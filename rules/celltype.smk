"""Tell the type of every cell."""


rule celltype:
    input:
        movie=rules.motion.output.movie,
        rois=rules.active.output.rois,
        registry=REGISTRY,
    output:
        celltypes=made("celltype", "celltypes.tsv"),
    log:
        log_of("celltype"),
    benchmark:
        benchmark_of("celltype")
    conda:
        "../envs/tensorflow.yaml"
    threads: 2
    resources:
        mem_mb=memory_of("celltype"),
        runtime=runtime_of("celltype"),
    params:
        settings=settings_of("celltype"),
        impl=IMPL["celltype"],
    message:
        saying("Telling the cell types of {wildcards.recording}")
    script:
        "../workflow_scripts/celltype_classify.py"
