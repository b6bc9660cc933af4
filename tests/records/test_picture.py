"""What a picture shows, also where an older version did not say it."""

import pytest
from pydantic import TypeAdapter, ValidationError

from study.records.base import NetworkName
from study.records.picture import Picture
from tests.command import ROOT

WORDS = {"title": "A title", "caption": "It.", "alt": "A line"}


@pytest.mark.parametrize(
    ("file", "section", "network", "kind"),
    [
        ("search_history.png", "search", None, "history"),
        ("filters_baseline_conv1.png", "filters", "baseline", "filters_conv1"),
        ("filters_tuned_conv1.png", "filters", "tuned", "filters_conv1"),
        ("filters_tuned_tuned.png", "filters", "tuned", "filters_tuned"),
        ("filters_health.png", "filters", None, "filters_health"),
        ("methods_tuned.png", "trust", "tuned", "methods"),
    ],
)
def test_older_records_say_it_by_their_files(
    file: str, section: str, network: NetworkName | None, kind: str
) -> None:
    old = {"file": file, "section": section, "network": network, **WORDS}
    assert Picture.model_validate(old).kind == kind
    assert Picture.model_validate(old | {"kind": "other"}).kind == "other"


def test_both_networks_pictures_of_an_older_run_have_the_same_kinds() -> None:
    path = ROOT / "results/example/mnist/figures/figures.json"
    pictures = TypeAdapter(list[Picture]).validate_json(path.read_bytes())
    kinds = {
        network: {one.kind for one in pictures if one.network == network}
        for network in ("baseline", "tuned")
    }
    assert {"heatmaps", "methods", "errors", "filters_conv1"} <= kinds["baseline"] <= kinds["tuned"]


def test_a_file_that_is_no_name_is_refused_as_one() -> None:
    with pytest.raises(ValidationError, match="file"):
        Picture.model_validate({"file": 3, "section": "search", **WORDS})
