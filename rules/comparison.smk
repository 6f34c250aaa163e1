"""Compare engines on movies whose truth is known, each tuned on others by the same grid."""

B = f"{CONFIG.results}/comparison"
SIMULATED = {m.name: m for m in comparison_movies(CONFIG.comparison.simulation)}
# Recordings of the table with the split train are tuned on, all others with truth are measured.
TRAINING = [n for n in WITH_NEURONS if RECORDINGS[n].split == "train"]
TRAINING += [n for n, m in SIMULATED.items() if m.split != "test"]
MEASURED = [n for n in WITH_NEURONS if n not in TRAINING]
MEASURED += [n for n, m in SIMULATED.items() if m.split == "test"]
# Activity is known of these.
ACTIVE = [n for n in MEASURED if n in SIMULATED or n in WITH_TRUTH]
ACTIVE_TRAINING = [n for n in TRAINING if n in SIMULATED or n in WITH_TRUTH]
# Registrations are compared on the first test movie of each preset.
MOVED = list(
    {m.preset: n for n, m in reversed(SIMULATED.items()) if m.split == "test"}.values()
)
PRESENT = available_engines(CONFIG, conda=with_conda())
# Others have no truth: their controls compare the engines, if the config asks for controls.
CONTROLLED_RECORDINGS = [
    n for n in RECORDINGS if n not in WITH_NEURONS and CONFIG.controls.run
]
# With --sdm conda the controls run in an environment that has all engines but CaImAn.
CONTROLLED_ENGINES = [
    e
    for e in PRESENT.segmentation
    if not with_conda() or SEGMENTATION_ENGINES[e].env != "caiman"
]


wildcard_constraints:
    movie=r"[a-z0-9-]+",
    engine=r"[a-z0-9-]+",


use rule simulation as comparison_simulation with:
    output:
        folder=directory(f"{B}/movies/{{movie}}"),
    log:
        f"{B}/logs/simulation_{{movie}}.log",
    benchmark:
        f"{B}/benchmarks/simulation_{{movie}}.tsv"
    params:
        made=lambda wildcards: SIMULATED[wildcards.movie].made,
        impl=IMPL["simulation"],


rule comparison_motion:
    input:
        folder=rules.comparison_simulation.output.folder,
    output:
        error=f"{B}/motion/{{name}}/{{movie}}.json",
    log:
        f"{B}/logs/motion_{{name}}_{{movie}}.log",
    benchmark:
        f"{B}/benchmarks/motion_{{name}}_{{movie}}.tsv"
    conda:
        lambda wildcards: env_of_engine(
            MOTION_ENGINES, PRESENT.motion[wildcards.name].engine
        )
    threads: threads_of("comparison_motion")
    resources:
        mem_mb=memory_of("comparison_motion"),
        runtime=runtime_of("comparison_motion"),
    params:
        settings=lambda wildcards: PRESENT.motion[wildcards.name].model_dump(),
        seed=lambda wildcards: SIMULATED[wildcards.movie].seed,
        impl=IMPL["comparison"],
        impl_of=[IMPL["motion"]],
    message:
        saying(
            "Registering {wildcards.movie} with synthetic motion by {wildcards.name}"
        )
    script:
        "../workflow_scripts/comparison_motion.py"


rule comparison_try:
    input:
        movie=comparison_movie,
        truth=inputs(comparison_truth),
    output:
        tried=f"{B}/segmentation/{{engine}}/{{recording}}/tried.json",
    log:
        f"{B}/logs/try_{{engine}}_{{recording}}.log",
    benchmark:
        f"{B}/benchmarks/try_{{engine}}_{{recording}}.tsv"
    conda:
        lambda wildcards: env_of_engine(SEGMENTATION_ENGINES, wildcards.engine)
    threads: threads_of("comparison_try")
    resources:
        mem_mb=memory_of("comparison_try"),
        runtime=runtime_of("comparison_try"),
    params:
        truth=param(comparison_truth),
        settings=lambda wildcards: segmentation_settings(wildcards.engine),
        grid=lambda wildcards: CONFIG.comparison.segmentation[wildcards.engine],
        evaluation=settings_of("evaluation"),
        min_snr=CONFIG.comparison.min_snr,
        impl=IMPL["comparison"],
        impl_of=[IMPL["segmentation"], IMPL["evaluation"]],
    message:
        saying("Trying settings of {wildcards.engine} on {wildcards.recording}")
    script:
        "../workflow_scripts/comparison_try.py"


rule comparison_tune:
    input:
        tried=expand(
            rules.comparison_try.output.tried, recording=TRAINING, allow_missing=True
        ),
    output:
        tuned=f"{B}/segmentation/{{engine}}/tuned.json",
    log:
        f"{B}/logs/tune_{{engine}}.log",
    benchmark:
        f"{B}/benchmarks/tune_{{engine}}.tsv"
    conda:
        env_of("comparison_tune")
    threads: threads_of("comparison_tune")
    resources:
        mem_mb=memory_of("comparison_tune"),
        runtime=runtime_of("comparison_tune"),
    params:
        grid=lambda wildcards: CONFIG.comparison.segmentation[wildcards.engine],
        impl=IMPL["comparison"],
    message:
        saying("Choosing the settings of {wildcards.engine}")
    script:
        "../workflow_scripts/comparison_tune.py"


rule comparison_segmentation:
    input:
        movie=comparison_movie,
        tuned=rules.comparison_tune.output.tuned,
    output:
        rois=f"{B}/segmentation/{{engine}}/{{recording}}/rois.h5",
    log:
        f"{B}/logs/segmentation_{{engine}}_{{recording}}.log",
    benchmark:
        f"{B}/benchmarks/segmentation_{{engine}}_{{recording}}.tsv"
    conda:
        lambda wildcards: env_of_engine(SEGMENTATION_ENGINES, wildcards.engine)
    threads: threads_of("comparison_segmentation")
    resources:
        mem_mb=memory_of("comparison_segmentation"),
        runtime=runtime_of("comparison_segmentation"),
    params:
        settings=lambda wildcards: segmentation_settings(wildcards.engine),
        impl=IMPL["comparison"],
        impl_of=[IMPL["segmentation"]],
    message:
        saying("Finding the ROIs of {wildcards.recording} by {wildcards.engine}")
    script:
        "../workflow_scripts/comparison_segmentation.py"


rule comparison_deconvolution:
    input:
        movie=comparison_movie,
        truth=inputs(comparison_truth),
    output:
        traces=f"{B}/activity/{{engine}}/{{recording}}.h5",
    log:
        f"{B}/logs/deconvolution_{{engine}}_{{recording}}.log",
    benchmark:
        f"{B}/benchmarks/activity_{{engine}}_{{recording}}.tsv"
    wildcard_constraints:
        engine="|".join(PRESENT.deconvolution) or "none",
    conda:
        lambda wildcards: env_of_engine(DECONVOLUTION_ENGINES, wildcards.engine)
    # CaImAn shares the cells among processes.
    threads: lambda wildcards: 2 if wildcards.engine == "caiman" else 1
    resources:
        mem_mb=memory_of("comparison_deconvolution"),
        runtime=runtime_of("comparison_deconvolution"),
    params:
        truth=param(comparison_truth),
        settings=lambda wildcards: traces_settings(wildcards.engine),
        impl=IMPL["comparison"],
        impl_of=[IMPL["traces"]],
    message:
        saying("Inferring the activity of {wildcards.recording} by {wildcards.engine}")
    script:
        "../workflow_scripts/comparison_deconvolution.py"


rule comparison_activity:
    input:
        movie=comparison_movie,
        truth=inputs(comparison_truth),
        registries=[
            registry_of(CONFIG.celltype.model),
            registry_of(CONFIG.activity.model),
        ],
    output:
        celltypes=f"{B}/activity/neurocine/{{recording}}.tsv",
        activity=f"{B}/activity/neurocine/{{recording}}.h5",
    log:
        f"{B}/logs/activity_neurocine_{{recording}}.log",
    benchmark:
        f"{B}/benchmarks/activity_neurocine_{{recording}}.tsv"
    conda:
        env_of("comparison_activity")
    threads: threads_of("comparison_activity")
    resources:
        mem_mb=memory_of("comparison_activity"),
        runtime=runtime_of("comparison_activity"),
    params:
        truth=param(comparison_truth),
        celltype=settings_of("celltype"),
        activity=settings_of("activity"),
        impl=IMPL["comparison"],
        impl_of=[IMPL["celltype"], IMPL["activity"]],
    message:
        saying("Inferring the activity of {wildcards.recording} by neurocine")
    script:
        "../workflow_scripts/comparison_activity.py"


rule comparison_controls:
    input:
        movie=result("movie"),
        tuned=rules.comparison_tune.output.tuned,
        registries=[
            registry_of(CONFIG.celltype.model),
            registry_of(CONFIG.activity.model),
        ],
    output:
        controls=f"{B}/controls/{{engine}}/{{recording}}.json",
    log:
        f"{B}/logs/controls_{{engine}}_{{recording}}.log",
    benchmark:
        f"{B}/benchmarks/controls_{{engine}}_{{recording}}.tsv"
    conda:
        env_of("comparison_controls")
    threads: threads_of("comparison_controls")
    resources:
        mem_mb=memory_of("comparison_controls"),
        runtime=runtime_of("comparison_controls"),
    params:
        config=CONFIG.model_dump(include=CONTROLLED | {"traces"}),
        impl=IMPL["comparison"],
        impl_of=[
            IMPL[word]
            for word in ("segmentation", "traces", "celltype", "activity", "controls")
        ],
    message:
        saying("Running the controls of {wildcards.recording} with {wildcards.engine}")
    script:
        "../workflow_scripts/comparison_controls.py"


rule comparison_without_truth:
    input:
        controls=expand(
            rules.comparison_controls.output.controls,
            recording=CONTROLLED_RECORDINGS,
            engine=CONTROLLED_ENGINES,
        ),
    output:
        json=f"{B}/without_truth.json",
        table=f"{B}/without_truth.tsv",
        page=f"{B}/without_truth.html",
    log:
        f"{B}/logs/without_truth.log",
    benchmark:
        f"{B}/benchmarks/without_truth.tsv"
    conda:
        env_of("comparison_without_truth")
    threads: threads_of("comparison_without_truth")
    resources:
        mem_mb=memory_of("comparison_without_truth"),
        runtime=runtime_of("comparison_without_truth"),
    params:
        recordings=CONTROLLED_RECORDINGS,
        engines=CONTROLLED_ENGINES,
        impl=IMPL["comparison"],
    message:
        saying("Comparing the engines on recordings without truth")
    script:
        "../workflow_scripts/comparison_without_truth.py"


rule comparison_compare:
    input:
        movies=[movie_of(n) for n in MEASURED],
        truth=inputs_of(truth_of(n) for n in MEASURED),
        training=[movie_of(n) for n in ACTIVE_TRAINING],
        training_truth=inputs_of(truth_of(n) for n in ACTIVE_TRAINING),
        rois=expand(
            rules.comparison_segmentation.output.rois,
            engine=PRESENT.segmentation,
            recording=MEASURED,
        ),
        tuned=expand(rules.comparison_tune.output.tuned, engine=PRESENT.segmentation),
        celltypes=expand(rules.comparison_activity.output.celltypes, recording=ACTIVE),
        activity=expand(rules.comparison_activity.output.activity, recording=ACTIVE),
        signals=expand(
            rules.comparison_deconvolution.output.traces,
            engine=PRESENT.deconvolution,
            recording=ACTIVE + ACTIVE_TRAINING,
        ),
        motion=expand(
            rules.comparison_motion.output.error, name=PRESENT.motion, movie=MOVED
        ),
    output:
        json=f"{B}/comparison.json",
        table=f"{B}/comparison.tsv",
        summary=f"{B}/comparison.md",
        page=f"{B}/comparison.html",
        segmentation=f"{B}/segmentation.html",
        activity=f"{B}/activity.html" if ACTIVE else [],
        pictures=directory(f"{B}/pictures"),
    log:
        f"{B}/logs/compare.log",
    benchmark:
        f"{B}/benchmarks/compare.tsv"
    conda:
        env_of("comparison_compare")
    threads: threads_of("comparison_compare")
    resources:
        mem_mb=memory_of("comparison_compare"),
        runtime=runtime_of("comparison_compare"),
    params:
        truth=watched(truth_of(n) for n in MEASURED),
        training_truth=watched(truth_of(n) for n in ACTIVE_TRAINING),
        measured=MEASURED,
        datasets={n: m.preset for n, m in SIMULATED.items()},
        active=ACTIVE,
        training=ACTIVE_TRAINING,
        segmentation=list(PRESENT.segmentation),
        deconvolution=list(PRESENT.deconvolution),
        motion=list(PRESENT.motion),
        moved=MOVED,
        left_out=PRESENT.left_out,
        settings=settings_of("evaluation"),
        comparison=settings_of("comparison"),
        impl=IMPL["comparison"],
        impl_of=[IMPL["evaluation"]],
    message:
        saying("Comparing the engines")
    script:
        "../workflow_scripts/comparison_compare.py"
