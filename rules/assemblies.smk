"""Find synchronous calcium events and the cell assemblies in them."""


rule assemblies:
    input:
        activity=rules.activity.output.activity,
        celltypes=rules.celltype.output.celltypes,
        rois=rules.active.output.rois,
    output:
        assemblies=made("assemblies", "assemblies.h5"),
        picture=made("assemblies", "assemblies.png"),
    log:
        log_of("assemblies"),
    benchmark:
        benchmark_of("assemblies")
    conda:
        "../envs/core.yaml"
    threads: 1
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
