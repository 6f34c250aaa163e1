"""What leaves the workflow: NWB, a suite2p folder and the provenance."""


rule export_nwb:
    input:
        source=rules.ingest.output.source,
        movie=rules.motion.output.movie,
        rois=rules.active.output.rois,
        traces=rules.traces.output.traces,
        celltypes=rules.celltype.output.celltypes,
        activity=rules.activity.output.activity,
    output:
        nwb=made("export", "recording.nwb"),
    log:
        log_of("export_nwb"),
    benchmark:
        benchmark_of("export_nwb")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=memory_of("export"),
        runtime=runtime_of("export"),
    params:
        settings=settings_of("export"),
        impl=IMPL["export"],
    message:
        saying("Writing the NWB file of {wildcards.recording}")
    script:
        "../workflow_scripts/export_nwb.py"


rule export_suite2p:
    input:
        source=rules.ingest.output.source,
        movie=rules.motion.output.movie,
        rois=rules.active.output.rois,
        traces=rules.traces.output.traces,
        celltypes=rules.celltype.output.celltypes,
        activity=rules.activity.output.activity,
    output:
        folder=directory(made("export", "suite2p")),
    log:
        log_of("export_suite2p"),
    benchmark:
        benchmark_of("export_suite2p")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=memory_of("export"),
        runtime=runtime_of("export"),
    params:
        settings=settings_of("export"),
        impl=IMPL["export"],
    message:
        saying("Writing the suite2p folder of {wildcards.recording}")
    script:
        "../workflow_scripts/export_suite2p.py"


rule export_provenance:
    input:
        source=rules.ingest.output.source,
        movie=rules.motion.output.movie,
        segmentation=rules.segmentation.output.rois,
        rois=rules.active.output.rois,
        traces=rules.traces.output.traces,
        celltypes=rules.celltype.output.celltypes,
        activity=rules.activity.output.activity,
        assemblies=(
            rules.assemblies.output.assemblies if CONFIG.assemblies.find else []
        ),
    output:
        json=made("export", "provenance.json"),
    log:
        log_of("export_provenance"),
    benchmark:
        benchmark_of("export_provenance")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=memory_of("export"),
        runtime=runtime_of("export"),
    params:
        # How jobs are cut alters no result.
        config=CONFIG.model_dump(exclude={"cluster"}),
        impl=IMPL["export"],
    message:
        saying("Recording how the results of {wildcards.recording} were made")
    script:
        "../workflow_scripts/export_provenance.py"
