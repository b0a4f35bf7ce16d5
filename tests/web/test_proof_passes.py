"""Signing in through the browser: what ends a session, what changes its id, and how often one may guess."""

import pytest
from flask import Flask

from skilleval.installation import Installation
from tests.web import passes


@pytest.fixture
def people(installation: Installation) -> None:
    """Wang of two firms, and an administrator."""
    passes.people(installation)


def test_a_session_gets_a_new_id_whenever_its_rights_change(app: Flask, people: None) -> None:
    assert passes.rotation_faults(app) == []


def test_what_ends_a_session_ends_it_in_every_browser(app: Flask, installation: Installation, people: None) -> None:
    assert passes.revocation_faults(app, installation) == []


def test_guessing_is_limited_by_name_and_by_address(app: Flask, people: None) -> None:
    assert passes.limit_faults(app) == []


def test_signing_in_does_not_tell_whether_there_is_an_account(app: Flask, people: None) -> None:
    assert passes.telling_faults(app) == []


def test_nobody_is_led_to_another_site(app: Flask, people: None) -> None:
    assert passes.leading_faults(app) == []
