"""Simulate movies with known truth: the corpus of the networks."""


rule simulation:
    output:
        folder=directory(f"{CONFIG.results}/training/corpus/{{seed}}"),
    log:
        f"{CONFIG.results}/training/logs/simulation_{{seed}}.log",
    benchmark:
        f"{CONFIG.results}/training/benchmarks/simulation_{{seed}}.tsv"
    wildcard_constraints:
        seed=r"\d+",
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=memory_of("simulation"),
        runtime=runtime_of("simulation"),
    params:
        settings=CONFIG.training.simulation.model_dump(),
        impl=IMPL["simulation"],
    message:
        saying("Simulating movie {wildcards.seed}")
    script:
        "../workflow_scripts/simulation_simulate.py"
