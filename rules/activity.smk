"""Infer the frames in which every cell is active."""


rule activity_part:
    input:
        **reads("activity"),
        registry=registry_of(CONFIG.activity.model),
    output:
        activity=temp(recording_file("activity/part_{part}_of_{parts}.h5")),
    log:
        log_of("activity_part_{part}_of_{parts}"),
    benchmark:
        benchmark_of("activity_part_{part}_of_{parts}")
    wildcard_constraints:
        part=r"\d+",
        parts=r"\d+",
    conda:
        env_of("activity")
    threads: threads_of("activity")
    resources:
        mem_mb=memory_of("activity"),
        runtime=runtime_of("activity"),
    params:
        settings=settings_of("activity"),
        impl=IMPL["activity"],
    message:
        saying(
            "Inferring the activity of {wildcards.recording}, part {wildcards.part} of {wildcards.parts}"
        )
    script:
        "../workflow_scripts/activity_part.py"


rule activity:
    input:
        **reads("activity"),
        registry=registry_of(CONFIG.activity.model),
        parts=activity_parts,
    output:
        **writes("activity"),
    log:
        log_of("activity"),
    benchmark:
        benchmark_of("activity")
    conda:
        env_of("activity")
    threads: threads_of("activity")
    resources:
        mem_mb=memory_of("activity"),
        runtime=runtime_of("activity"),
    params:
        settings=settings_of("activity"),
        impl=IMPL["activity"],
    message:
        saying("Inferring the activity of {wildcards.recording}")
    script:
        "../workflow_scripts/activity_infer.py"
