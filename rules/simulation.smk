"""Simulate movies with known truth: the corpora of the networks."""


rule simulation:
    output:
        folder=directory(f"{CONFIG.results}/training/{{corpus}}/{{movie}}"),
    log:
        f"{CONFIG.results}/training/logs/{{corpus}}_{{movie}}.log",
    benchmark:
        f"{CONFIG.results}/training/benchmarks/{{corpus}}_{{movie}}.tsv"
    wildcard_constraints:
        corpus="|".join(CORPORA),
        movie=r"[a-z0-9-]+",
    conda:
        env_of("simulation")
    threads: threads_of("simulation")
    resources:
        mem_mb=memory_of("simulation"),
        runtime=runtime_of("simulation"),
    params:
        # Not how many: more movies leave those that are there alone.
        made=lambda wildcards: CORPORA[wildcards.corpus][wildcards.movie].made,
        impl=IMPL["simulation"],
    message:
        saying("Simulating {wildcards.movie}")
    script:
        "../workflow_scripts/simulation_simulate.py"
