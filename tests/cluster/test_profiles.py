from pathlib import Path

import pytest

from neurocine.cluster.profiles import copy_profile, profile_folder, read_profile
from neurocine.core import InputError
from neurocine.shipped import shipped


def test_a_projects_profile_goes_before_one_that_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert profile_folder("slurm") == shipped("profiles/slurm")
    assert read_profile(profile_folder("slurm"))["executor"] == "slurm"
    own = tmp_path / "profiles" / "slurm"
    own.mkdir(parents=True)
    assert profile_folder("slurm") == own
    assert profile_folder(str(own)) == own


def test_the_users_profiles_are_found_where_snakemake_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    own = tmp_path / "snakemake" / "ours"
    own.mkdir(parents=True)
    assert profile_folder("ours") == own


def test_profiles_that_arent_there_or_cant_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"isn't there.*local, slurm"):
        profile_folder("none")
    with pytest.raises(InputError, match="holds no config"):
        read_profile(tmp_path)
    (tmp_path / "config.yaml").write_text("- a\n")
    with pytest.raises(InputError, match="isn't a mapping"):
        read_profile(tmp_path)
    (tmp_path / "config.yaml").write_text("a: [")
    with pytest.raises(InputError, match="YAML"):
        read_profile(tmp_path)


def test_a_copied_profile_keeps_what_the_user_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    copy = copy_profile("slurm", tmp_path)
    assert copy.parent == profile_folder("slurm")
    copy.write_text(copy.read_text().replace("partition: cpu", "partition: ours"))
    assert "slurm_partition: ours" in copy_profile("slurm", tmp_path).read_text()
    assert "slurm_partition: ours" not in copy_profile("slurm", tmp_path, force=True).read_text()
    with pytest.raises(InputError, match="isn't there"):
        copy_profile("none", tmp_path)
