"""The config is generated, checked, and explained when it is wrong."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from neurocine.config import Config, load_config, parse_config
from neurocine.config.generate import config_text, generated
from neurocine.core import InputError

ROOT = Path(__file__).parents[2]


def test_generated_files_are_in_step_with_the_models() -> None:
    for path, text in generated(ROOT).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: run `make config`"


def test_generated_config_holds_exactly_the_defaults() -> None:
    assert parse_config(yaml.safe_load(config_text())) == Config()


def test_every_setting_has_a_comment() -> None:
    # What is by name, as engines, has one comment for all.
    lines = [line for line in config_text().splitlines() if not re.match(r" +[\w-]+: {.*}$", line)]
    bare = [
        line
        for above, line in pairwise(lines)
        if ":" in line and not line.strip().startswith("#") and not above.strip().startswith("#")
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("values", "field", "allowed"),
    [
        ({"motion": {"enginee": "cinac"}}, "motion.enginee", "known keys: engine"),
        (
            {"motion": {"engine": "magic"}},
            "motion.engine",
            "choose one of suite2p, caiman, cinac, neurocine, none",
        ),
        (
            {"segmentation": {"engine": "magic"}},
            "segmentation.engine",
            "choose one of suite2p, stneuronet, caiman, caiman-online, given",
        ),
        ({"motion": {"max_shift_um": -1}}, "motion.max_shift_um", "greater than 0"),
        ({"activity": {"overlap": 1.0}}, "activity.overlap", "less than 1"),
        ({"activty": {}}, "activty", "known keys: recordings"),
        ({"traces": 3}, "traces", "is 3"),
        ({"results": "out{x}"}, "results", "name a folder, without { }"),
        (
            {"training": {"activity": {"epochz": 1}}},
            "training.activity.epochz",
            "known keys: architecture",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_path_and_choices(
    values: dict[str, object], field: str, allowed: str
) -> None:
    with pytest.raises(InputError) as caught:
        parse_config(values, "my.yaml")
    assert caught.value.field == field
    assert "my.yaml" in str(caught.value)
    assert allowed in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(InputError, match=r"motion\.engine.*report\.clip_s"):
        parse_config({"motion": {"engine": 1}, "report": {"clip_s": 0}})


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="doesn't exist"):
        load_config(tmp_path / "none.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("motion: [1,")
    with pytest.raises(InputError, match=r"broken\.yaml: YAML"):
        load_config(broken)
    broken.write_text("- a\n- b\n")
    with pytest.raises(InputError, match="is a list"):
        load_config(broken)
    broken.write_text("# nothing\n")
    assert load_config(broken) == Config()


def test_a_bare_off_is_a_mode() -> None:
    assert parse_config(yaml.safe_load("active: {mode: off}")).active.mode == "off"
