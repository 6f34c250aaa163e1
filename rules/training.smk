"""Train the networks; SLURM profiles give these rules a node with four V100s."""


rule train_activity:
    input:
        corpus=corpus,
    output:
        weights=f"{CONFIG.results}/training/activity/weights.h5",
        card=f"{CONFIG.results}/training/activity/card.md",
        metrics=f"{CONFIG.results}/training/activity/metrics.json",
        curves=f"{CONFIG.results}/training/activity/curves.png",
    log:
        f"{CONFIG.results}/training/logs/train_activity.log",
    benchmark:
        f"{CONFIG.results}/training/benchmarks/train_activity.tsv"
    conda:
        env_of("train_activity")
    threads: threads_of("train_activity")
    resources:
        mem_mb=memory_of("train_activity"),
        runtime=runtime_of("train_activity"),
    params:
        task="activity",
        settings=CONFIG.training.activity.model_dump(),
        impl=IMPL["training"],
    message:
        saying("Training the activity network", gpus=True)
    script:
        "../workflow_scripts/training_train.py"


rule train_interneuron:
    input:
        corpus=corpus,
        start=rules.train_activity.output.weights,
    output:
        weights=f"{CONFIG.results}/training/interneuron/weights.h5",
        card=f"{CONFIG.results}/training/interneuron/card.md",
        metrics=f"{CONFIG.results}/training/interneuron/metrics.json",
        curves=f"{CONFIG.results}/training/interneuron/curves.png",
    log:
        f"{CONFIG.results}/training/logs/train_interneuron.log",
    benchmark:
        f"{CONFIG.results}/training/benchmarks/train_interneuron.tsv"
    conda:
        env_of("train_interneuron")
    threads: threads_of("train_interneuron")
    resources:
        mem_mb=memory_of("train_interneuron"),
        runtime=runtime_of("train_interneuron"),
    params:
        task="activity",
        settings=CONFIG.training.interneuron.model_dump(),
        impl=IMPL["training"],
    message:
        saying("Training the activity network on, for interneurons", gpus=True)
    script:
        "../workflow_scripts/training_train.py"


rule train_celltype:
    input:
        corpus=corpus,
    output:
        weights=f"{CONFIG.results}/training/celltype/weights.h5",
        card=f"{CONFIG.results}/training/celltype/card.md",
        metrics=f"{CONFIG.results}/training/celltype/metrics.json",
        curves=f"{CONFIG.results}/training/celltype/curves.png",
    log:
        f"{CONFIG.results}/training/logs/train_celltype.log",
    benchmark:
        f"{CONFIG.results}/training/benchmarks/train_celltype.tsv"
    conda:
        env_of("train_celltype")
    threads: threads_of("train_celltype")
    resources:
        mem_mb=memory_of("train_celltype"),
        runtime=runtime_of("train_celltype"),
    params:
        task="celltype",
        settings=CONFIG.training.celltype.model_dump(),
        impl=IMPL["training"],
    message:
        saying("Training the cell-type network", gpus=True)
    script:
        "../workflow_scripts/training_train.py"


rule train_stneuronet:
    input:
        corpus=stneuronet_corpus,
        labelled=inputs_of(CONFIG.training.stneuronet.labelled),
        start=CONFIG.training.stneuronet.start or [],
    output:
        network=f"{CONFIG.results}/training/stneuronet/network.h5",
        curves=f"{CONFIG.results}/training/stneuronet/curves.png",
    log:
        f"{CONFIG.results}/training/logs/train_stneuronet.log",
    benchmark:
        f"{CONFIG.results}/training/benchmarks/train_stneuronet.tsv"
    conda:
        env_of("train_stneuronet")
    threads: threads_of("train_stneuronet")
    resources:
        mem_mb=memory_of("train_stneuronet"),
        runtime=runtime_of("train_stneuronet"),
    params:
        labelled=watched(CONFIG.training.stneuronet.labelled),
        settings=CONFIG.training.stneuronet.model_dump(),
        impl=IMPL["training"],
    message:
        saying("Training STNeuroNet", gpus=True)
    script:
        "../workflow_scripts/training_train_stneuronet.py"


rule calibrate_stneuronet:
    input:
        corpus=stneuronet_corpus,
        network=rules.train_stneuronet.output.network,
    output:
        weights=f"{CONFIG.results}/training/stneuronet/weights.h5",
        card=f"{CONFIG.results}/training/stneuronet/card.md",
        metrics=f"{CONFIG.results}/training/stneuronet/metrics.json",
        calibration=f"{CONFIG.results}/training/stneuronet/calibration.json",
    log:
        f"{CONFIG.results}/training/logs/calibrate_stneuronet.log",
    benchmark:
        f"{CONFIG.results}/training/benchmarks/calibrate_stneuronet.tsv"
    conda:
        env_of("calibrate_stneuronet")
    threads: threads_of("calibrate_stneuronet")
    resources:
        mem_mb=memory_of("calibrate_stneuronet"),
        runtime=runtime_of("calibrate_stneuronet"),
    params:
        min_dprime=CONFIG.evaluation.min_dprime,
        impl=IMPL["training"],
    message:
        saying("Choosing STNeuroNet's thresholds")
    script:
        "../workflow_scripts/training_calibrate_stneuronet.py"


rule fine_tune:
    input:
        labelled=inputs(labelled),
        corpus=corpus if CONFIG.training.fine_tune.with_corpus else [],
        registry=registry_of(CONFIG.training.fine_tune.model),
    output:
        weights=f"{CONFIG.results}/training/fine_tune/weights.h5",
        card=f"{CONFIG.results}/training/fine_tune/card.md",
        metrics=f"{CONFIG.results}/training/fine_tune/metrics.json",
        curves=f"{CONFIG.results}/training/fine_tune/curves.png",
    log:
        f"{CONFIG.results}/training/logs/fine_tune.log",
    benchmark:
        f"{CONFIG.results}/training/benchmarks/fine_tune.tsv"
    conda:
        env_of("fine_tune")
    threads: threads_of("fine_tune")
    resources:
        mem_mb=memory_of("fine_tune"),
        runtime=runtime_of("fine_tune"),
    params:
        labelled=param(labelled),
        settings=CONFIG.training.fine_tune.model_dump(),
        impl=IMPL["training"],
    message:
        saying(f"Training {CONFIG.training.fine_tune.model} on", gpus=True)
    script:
        "../workflow_scripts/training_fine_tune.py"
