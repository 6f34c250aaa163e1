"""Simulate movies with known truth: the corpus of the networks."""


rule simulation:
    output:
        folder=directory(
            f"{CONFIG.results}/training/corpus/{{split}}-{{preset}}-{{seed}}"
        ),
    log:
        f"{CONFIG.results}/training/logs/simulation_{{split}}-{{preset}}-{{seed}}.log",
    benchmark:
        f"{CONFIG.results}/training/benchmarks/simulation_{{split}}-{{preset}}-{{seed}}.tsv"
    wildcard_constraints:
        split="train|validation|test",
        preset=r"[a-z0-9-]+",
        seed=r"\d+",
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=memory_of("simulation"),
        runtime=runtime_of("simulation"),
    params:
        # Not how many: more movies leave those that are there alone.
        settings=CONFIG.training.simulation.model_dump(
            include={"n_frames", "frame_rate_hz", "pixel_size_um"}
        ),
        impl=IMPL["simulation"],
    message:
        saying("Simulating {wildcards.preset} {wildcards.seed} ({wildcards.split})")
    script:
        "../workflow_scripts/simulation_simulate.py"
