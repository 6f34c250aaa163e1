"""What can be asked for by name, beside all: `snakemake train`, `evaluation`, `comparison`."""


rule train:
    input:
        rules.train_activity.output.weights,
        rules.train_interneuron.output.weights,
        rules.train_celltype.output.weights,
        rules.calibrate_stneuronet.output.weights,
    message:
        "The networks are trained: {input}"


rule evaluation:
    input:
        # Without any truth the rule says so.
        activity=(
            rules.evaluate_activity.output
            if WITH_TRUTH or not (JUDGED or WITH_LABELS)
            else []
        ),
        segmentation=rules.evaluate_segmentation.output if JUDGED else [],
        labels=rules.evaluate_labels.output if WITH_LABELS else [],
    message:
        "How results compare with truth is in {input}"


rule comparison:
    input:
        rules.comparison_compare.output,
        rules.comparison_without_truth.output if CONTROLLED_RECORDINGS else [],
    message:
        "How the engines compare is in {input}"


rule benchmark:
    input:
        rules.comparison.input,
    message:
        "How the engines compare is in {input}"
