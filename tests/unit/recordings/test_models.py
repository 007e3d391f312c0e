"""Finding models: which language uses which, where it is looked for, and what is no model."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from recordings.errors import ModelMissing, NoModelForLanguage, NotAModel
from recordings.models import Catalogue, ModelShelf, examine

CATALOGUE = Catalogue.model_validate(
    {
        "base_url": "https://models.example",
        "models": {"zh": {"name": "small-cn"}, "ko": {"name": "small-ko", "package": "no_such_package"}},
    }
)
FILES = ["am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLr.fst", "graph/Gr.fst"]


def given_model(folder: Path, mfcc: str = "", without: str = "") -> Path:
    for file in FILES:
        if file != without:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(mfcc if file.endswith("mfcc.conf") else "")
    return folder


def test_the_catalogue_that_ships_is_valid() -> None:
    catalogue = Catalogue.read(Path(__file__).parents[3] / "config/models.yaml")
    assert {"zh", "en", "ko"} <= catalogue.models.keys()
    assert all(spec.sha256 or spec.package for spec in catalogue.models.values())


@pytest.mark.parametrize(
    "wrong", [{"name": "../etc"}, {"name": "a", "sha256": "xyz"}, {"name": "a", "url": "x"}, {"name": ""}]
)
def test_a_catalogue_with_a_mistake_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Catalogue.model_validate({"base_url": "https://models.example", "models": {"zh": wrong}})


def test_a_region_falls_back_to_its_language() -> None:
    assert CATALOGUE.spec("zh-CN")[0] == "zh"
    with pytest.raises(NoModelForLanguage, match=r"'fr'.*ko, zh"):
        CATALOGUE.spec("fr")


def test_what_the_model_can_do_is_read_from_its_files(tmp_path: Path) -> None:
    plain = examine(given_model(tmp_path / "a"))
    assert (plain.sample_rate, plain.grammars) == (16000, True)
    telephone = examine(given_model(tmp_path / "b", "--use-energy=false\n--sample-frequency=8000.0\n"))
    assert telephone.sample_rate == 8000


def test_a_large_model_has_one_graph_and_no_grammars(tmp_path: Path) -> None:
    folder = given_model(tmp_path / "a", without="graph/Gr.fst")
    (folder / "graph/HCLG.fst").touch()
    assert not examine(folder).grammars


@pytest.mark.parametrize("without", FILES)
def test_what_is_no_model_says_what_it_lacks(tmp_path: Path, without: str) -> None:
    with pytest.raises(NotAModel, match=without):
        examine(given_model(tmp_path / "a", without=without))


def test_a_file_or_nothing_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "none"):
        with pytest.raises(NotAModel, match="no such folder"):
            examine(path)


def test_folders_are_looked_through_in_order(tmp_path: Path) -> None:
    given_model(tmp_path / "second/small-cn")
    shelf = ModelShelf(CATALOGUE, [tmp_path / "first", tmp_path / "second"])
    assert shelf.find("zh").path == tmp_path / "second/small-cn"
    given_model(tmp_path / "first/small-cn")
    assert shelf.find("zh-TW").path == tmp_path / "first/small-cn"


def test_a_broken_folder_hides_no_model_in_a_later_place(tmp_path: Path) -> None:
    (tmp_path / "first/small-cn").mkdir(parents=True)
    shelf = ModelShelf(CATALOGUE, [tmp_path / "first", tmp_path / "second"])
    with pytest.raises(NotAModel, match="first/small-cn is not a Vosk model"):
        shelf.find("zh")
    good = given_model(tmp_path / "second/small-cn")
    assert shelf.find("zh").path == good
    (zh, _) = shelf.list()
    assert (zh.path, zh.problem) == (good, None)


def test_a_place_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    shelf = ModelShelf(CATALOGUE, [tmp_path / "none", tmp_path / "file", tmp_path])
    assert shelf.no_folders() == [tmp_path / "none", tmp_path / "file"]
    with pytest.raises(ModelMissing):
        shelf.find("zh")


def test_a_missing_model_says_where_it_was_looked_for(tmp_path: Path) -> None:
    shelf = ModelShelf(CATALOGUE, [tmp_path])
    with pytest.raises(ModelMissing, match=f"small-ko is in none of: {tmp_path}, package no_such_package"):
        shelf.find("ko")


def test_the_list_shows_what_is_there_and_what_is_wrong(tmp_path: Path) -> None:
    given_model(tmp_path / "small-cn", without="am/final.mdl")
    given_model(tmp_path / "small-ko")
    zh, ko = ModelShelf(CATALOGUE, [tmp_path]).list()
    assert zh.path is None
    assert zh.problem is not None
    assert "am/final.mdl" in zh.problem
    assert zh.broken
    assert (ko.path, ko.problem, ko.broken) == (tmp_path / "small-ko", None, False)
    assert not ModelShelf(CATALOGUE, [tmp_path / "none"]).list()[0].broken
