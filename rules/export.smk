"""What leaves the workflow: tables, NWB, a suite2p folder and the provenance."""


rule export_tables:
    input:
        **reads("export_tables"),
    output:
        **writes("export_tables"),
    log:
        log_of("export_tables"),
    benchmark:
        benchmark_of("export_tables")
    conda:
        env_of("export_tables")
    threads: threads_of("export_tables")
    resources:
        mem_mb=memory_of("export_tables"),
        runtime=runtime_of("export_tables"),
    params:
        impl=IMPL["export"],
    message:
        saying("Writing the tables of {wildcards.recording}")
    script:
        "../workflow_scripts/export_tables.py"


rule export_nwb:
    input:
        **reads("export_nwb"),
    output:
        **writes("export_nwb"),
    log:
        log_of("export_nwb"),
    benchmark:
        benchmark_of("export_nwb")
    conda:
        env_of("export_nwb")
    threads: threads_of("export_nwb")
    resources:
        mem_mb=memory_of("export_nwb"),
        runtime=runtime_of("export_nwb"),
    params:
        settings=settings_of("export"),
        impl=IMPL["export"],
    message:
        saying("Writing the NWB file of {wildcards.recording}")
    script:
        "../workflow_scripts/export_nwb.py"


rule export_suite2p:
    input:
        **reads("export_suite2p"),
    output:
        suite2p=directory(writes("export_suite2p")["suite2p"]),
    log:
        log_of("export_suite2p"),
    benchmark:
        benchmark_of("export_suite2p")
    conda:
        env_of("export_suite2p")
    threads: threads_of("export_suite2p")
    resources:
        mem_mb=memory_of("export_suite2p"),
        runtime=runtime_of("export_suite2p"),
    params:
        settings=settings_of("export"),
        impl=IMPL["export"],
    message:
        saying("Writing the suite2p folder of {wildcards.recording}")
    script:
        "../workflow_scripts/export_suite2p.py"


rule export_provenance:
    input:
        **reads("export_provenance"),
    output:
        **writes("export_provenance"),
    log:
        log_of("export_provenance"),
    benchmark:
        benchmark_of("export_provenance")
    conda:
        env_of("export_provenance")
    threads: threads_of("export_provenance")
    resources:
        mem_mb=memory_of("export_provenance"),
        runtime=runtime_of("export_provenance"),
    params:
        # How jobs are cut alters no result.
        config=CONFIG.model_dump(exclude={"cluster"}),
        impl=IMPL["export"],
    message:
        saying("Recording how the results of {wildcards.recording} were made")
    script:
        "../workflow_scripts/export_provenance.py"
