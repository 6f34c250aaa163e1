"""Measure segmentation, activity and cell types against truth, for the recordings that have some."""

# Truth of activity is a folder that holds truth.h5 beside its contours.
WITH_TRUTH = [
    name
    for name, recording in RECORDINGS.items()
    if recording.ground_truth and (recording.ground_truth / "truth.h5").is_file()
]
TEST = [name for name in WITH_TRUTH if RECORDINGS[name].split == "test"]
EVALUATED = TEST or WITH_TRUTH
# The baselines' thresholds are chosen on these.
FOR_THRESHOLDS = [n for n in WITH_TRUTH if TEST and RECORDINGS[n].split == "train"]

# Truth of segmentation is that too, or contours in any format.
WITH_NEURONS = [
    name for name, recording in RECORDINGS.items() if recording.ground_truth
]
JUDGED = [n for n in WITH_NEURONS if RECORDINGS[n].split == "test"] or WITH_NEURONS
TRUE_NEURONS = [
    RECORDINGS[n].ground_truth / ("truth.h5" if n in WITH_TRUTH else "") for n in JUDGED
]
TRUE_ACTIVITY = [
    RECORDINGS[n].ground_truth / "truth.h5" for n in EVALUATED + FOR_THRESHOLDS
]
# Where STNeuroNet adds ROIs to the engine's or takes some away, both are compared.
SELECTED = CONFIG.active.mode in ("stneuronet", "union", "intersection")
# Cells labelled in a structural channel have a known type, also in recordings without other truth.
WITH_LABELS = [n for n, recording in RECORDINGS.items() if recording.channel_structural]


rule evaluate_segmentation:
    input:
        truth=inputs_of(TRUE_NEURONS),
        movies=expand(result("movie"), recording=JUDGED),
        rois=expand(rules.segmentation.output.rois, recording=JUDGED),
        active=expand(result("rois"), recording=JUDGED) if SELECTED else [],
    output:
        json=f"{CONFIG.results}/evaluation/segmentation.json",
        table=f"{CONFIG.results}/evaluation/segmentation.tsv",
        page=f"{CONFIG.results}/evaluation/segmentation.html",
        pictures=directory(f"{CONFIG.results}/evaluation/segmentation_pictures"),
    log:
        f"{CONFIG.results}/evaluation/logs/evaluate_segmentation.log",
    benchmark:
        f"{CONFIG.results}/evaluation/benchmarks/evaluate_segmentation.tsv"
    conda:
        env_of("evaluate_segmentation")
    threads: threads_of("evaluate_segmentation")
    resources:
        mem_mb=memory_of("evaluate_segmentation"),
        runtime=runtime_of("evaluate_segmentation"),
    params:
        names=JUDGED,
        truth=watched(TRUE_NEURONS),
        engine=CONFIG.segmentation.engine,
        mode=CONFIG.active.mode,
        settings=settings_of("evaluation"),
        all_recordings=not any(RECORDINGS[n].split == "test" for n in JUDGED),
        impl=IMPL["evaluation"],
    message:
        saying("Measuring segmentation against truth")
    script:
        "../workflow_scripts/evaluation_segmentation.py"


rule evaluate_activity:
    input:
        truth=inputs_of(TRUE_ACTIVITY),
        movies=expand(result("movie"), recording=EVALUATED + FOR_THRESHOLDS),
        rois=expand(result("rois"), recording=EVALUATED + FOR_THRESHOLDS),
        activity=expand(result("activity"), recording=EVALUATED),
        celltypes=expand(result("celltypes"), recording=EVALUATED),
    output:
        json=f"{CONFIG.results}/evaluation/activity.json",
        table=f"{CONFIG.results}/evaluation/activity.tsv",
        page=f"{CONFIG.results}/evaluation/activity.html",
        pictures=directory(f"{CONFIG.results}/evaluation/pictures"),
    log:
        f"{CONFIG.results}/evaluation/logs/evaluate_activity.log",
    benchmark:
        f"{CONFIG.results}/evaluation/benchmarks/evaluate_activity.tsv"
    conda:
        env_of("evaluate_activity")
    threads: threads_of("evaluate_activity")
    resources:
        mem_mb=memory_of("evaluate_activity"),
        runtime=runtime_of("evaluate_activity"),
    params:
        names=EVALUATED + FOR_THRESHOLDS,
        truth=watched(TRUE_ACTIVITY),
        settings=settings_of("evaluation"),
        all_recordings=not TEST,
        impl=IMPL["evaluation"],
    message:
        saying("Measuring activity against truth")
    script:
        "../workflow_scripts/evaluation_activity.py"


rule evaluate_labels:
    input:
        celltypes=expand(result("celltypes"), recording=WITH_LABELS),
    output:
        json=f"{CONFIG.results}/evaluation/labels.json",
    log:
        f"{CONFIG.results}/evaluation/logs/evaluate_labels.log",
    benchmark:
        f"{CONFIG.results}/evaluation/benchmarks/evaluate_labels.tsv"
    conda:
        env_of("evaluate_labels")
    threads: threads_of("evaluate_labels")
    resources:
        mem_mb=memory_of("evaluate_labels"),
        runtime=runtime_of("evaluate_labels"),
    params:
        names=WITH_LABELS,
        impl=IMPL["evaluation"],
    message:
        saying("Comparing cell types with labels in the structural channel")
    script:
        "../workflow_scripts/evaluation_labels.py"
