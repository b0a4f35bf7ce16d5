"""The English pages: a whole catalogue, in step with code and templates, and the switch between the languages."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages import pofile
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from flask import Flask

import skilleval
from skilleval.domain import lifecycle
from skilleval.domain.accounts import ROLES
from skilleval.domain.authority import ROUTES
from skilleval.domain.ladder import Grade
from skilleval.installation import Installation
from skilleval.web import show
from skilleval.web.labels import LABELS
from skilleval.web.language import speak
from tests.factories import make_firm
from tests.web.conftest import SignedIn

ROOT = Path(__file__).parents[2]
CATALOGUE = Path(skilleval.__file__).parent / "web" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
HAN = re.compile("[\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w*\}|%%")


@pytest.fixture
def firm(installation: Installation) -> None:
    """A firm where those who sign in have their roles."""
    with installation.database.writing() as session:
        make_firm(session)
        session.commit()


def _extracted() -> Iterator[str]:
    """Every message of code, templates and the domain's labels, read as `make messages` reads them."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"]["mappings"]
    methods = [(one["pattern"], one["method"]) for one in mappings]
    keywords = {**DEFAULT_KEYWORDS, "lazy": None, "marked": None}
    for folder in ("skilleval/web", "templates/web"):
        found = extract_from_dir(
            ROOT / folder, [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in methods],
            keywords=keywords, strip_comment_tags=True,
        )  # fmt: skip
        for _file, _line, message, _comments, _context in found:
            yield from [message] if isinstance(message, str) else message


@cache
def _catalogue() -> Catalog:
    with CATALOGUE.open("rb") as text:
        return pofile.read_po(text, locale="en")


@cache
def _messages() -> frozenset[str]:
    return frozenset(_extracted())


def test_every_message_of_code_and_templates_is_in_the_catalogue() -> None:
    known = {message.id for message in _catalogue() if message.id}

    assert len(_messages()) > 1000, "the extraction found next to nothing: a pattern is wrong"
    assert not _messages() - known, "run `make messages` and translate what is new"


def test_the_catalogue_keeps_no_message_that_nobody_says() -> None:
    known = {message.id for message in _catalogue() if message.id}

    assert not known - _messages()
    assert not _catalogue().obsolete


def test_every_message_is_translated_and_none_is_a_guess() -> None:
    assert not [message.id for message in _catalogue() if message.id and (not message.string or message.fuzzy)]


def test_a_translation_has_the_placeholders_of_its_message() -> None:
    different = [
        message.id
        for message in _catalogue()
        if message.id and sorted(PLACEHOLDER.findall(message.id)) != sorted(PLACEHOLDER.findall(message.string))
    ]

    assert not different


def test_a_translation_has_chinese_only_where_it_quotes_what_has_to_be_typed() -> None:
    typed = r"“无”|“缺考”|“职业道德”|“基础知识”|准考证号 \(|证件号码 \(|姓名 \(|证书编号 \(|电工实训台｜DG-2｜20｜是"

    assert not [message.string for message in _catalogue() if message.id and HAN.search(re.sub(typed, "", message.string))]


def test_states_roles_routes_and_grades_are_labels() -> None:
    words = [word for states in lifecycle.STATES.values() for word in states.values()]
    words += [*ROUTES.values(), *(role.name_zh for role in ROLES.values()), *(grade.printed for grade in Grade)]

    assert set(words) <= set(LABELS)


@pytest.mark.parametrize(
    ("language", "state", "grade"),
    [("zh", "成绩已核定", "三级/高级工"), ("en", "Marks settled", "Senior (level 3)")],
)
def test_labels_of_the_domain_are_shown_in_the_language_of_the_page(
    app: Flask, language: str, state: str, grade: str
) -> None:
    with app.test_request_context("/"):
        speak(language)

        assert show.state_label("batch", "settled") == state
        assert show.grade("senior") == grade
        assert show.shown(Grade.SENIOR) == grade
        assert show.grade(None) == show.NOTHING


def test_no_label_is_shown_as_nothing_and_not_as_the_head_of_the_catalogue(app: Flask) -> None:
    with app.test_request_context("/"):
        speak("en")

        assert show.label("") == ""


def test_a_page_is_chinese_until_english_is_asked_for(signed_in: SignedIn, firm: None) -> None:
    browser = signed_in("hr")

    before = browser.get("/people").get_data(as_text=True)
    answer = browser.post("/language", {"language": "en", "next": "/people"})
    after = browser.get("/people").get_data(as_text=True)

    assert answer.status_code == 303
    assert '<html lang="zh-CN">' in before and "<h1>花名册</h1>" in before and "Roster" not in before
    assert '<html lang="en">' in after and "<h1>Roster</h1>" in after and "花名册" not in after


def test_one_can_go_back_to_chinese(signed_in: SignedIn, firm: None) -> None:
    browser = signed_in("hr")

    browser.post("/language", {"language": "en"})
    browser.post("/language", {"language": "zh"})

    assert '<html lang="zh-CN">' in browser.get("/people").get_data(as_text=True)


def test_a_language_that_is_none_is_chinese(signed_in: SignedIn, firm: None) -> None:
    browser = signed_in("hr")

    browser.post("/language", {"language": "xx"})

    assert '<html lang="zh-CN">' in browser.get("/people").get_data(as_text=True)


def test_the_switch_of_one_browser_leaves_the_others_alone(signed_in: SignedIn, firm: None) -> None:
    one, other = signed_in("hr"), signed_in("reviewer")

    one.post("/language", {"language": "en"})

    assert '<html lang="zh-CN">' in other.get("/people").get_data(as_text=True)


def test_own_roles_are_told_in_english(signed_in: SignedIn, firm: None) -> None:
    browser = signed_in("approver")

    browser.post("/language", {"language": "en"})

    assert "Decides on recognition, publishes notices, handles objections" in browser.get("/account").get_data(as_text=True)
