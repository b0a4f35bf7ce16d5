"""Who may open what, against reviewed tables: ``policy.csv`` by role, ``tenancy.csv`` by whose the record is."""

import pytest

from skilleval.web import policy
from tests.web import rights
from tests.web.addresses import WITHOUT_ROWS, Book, routes
from tests.web.marked_site import MarkedSite

pytestmark = pytest.mark.slow


def test_every_role_gets_what_the_reviewed_table_says(marked_site: MarkedSite) -> None:
    assert rights.differences("policy.csv", rights.POLICY_COLUMNS, rights.policy_found(marked_site)) == []


def test_foreign_records_are_answered_as_the_reviewed_table_says_and_like_missing_ones(marked_site: MarkedSite) -> None:
    found, faults = rights.tenancy_found(marked_site)

    assert rights.differences("tenancy.csv", rights.TENANCY_COLUMNS, found) == []
    assert faults == []


def test_no_form_does_anything_without_its_token(marked_site: MarkedSite) -> None:
    assert rights.token_faults(marked_site) == []


def test_no_record_opens_by_the_address_of_another_kind(marked_site: MarkedSite) -> None:
    assert rights.id_faults(marked_site) == []


def test_every_page_has_an_address_in_the_marked_world(marked_site: MarkedSite) -> None:
    book = Book(marked_site)
    unknown = [(route.endpoint, book.unknown(route)) for route in routes(marked_site) if book.unknown(route)]
    without = {route.endpoint for route in routes(marked_site) if not book.of(route)}

    # Say in tests/web/addresses.py what these arguments may be, or why the world has no such row.
    assert unknown == []
    assert without - set(WITHOUT_ROWS) == set()
    assert set(WITHOUT_ROWS) - without == set()


def test_the_reviewed_table_names_every_line_of_the_policy() -> None:
    table = rights.read_table("policy.csv", rights.POLICY_COLUMNS)

    assert set(table) == {(endpoint, method) for endpoint, methods in policy.POLICY.items() for method in methods}


def test_nobody_without_an_account_is_let_in_but_where_everybody_is() -> None:
    table = rights.read_table("policy.csv", rights.POLICY_COLUMNS)

    for key, row in table.items():
        # A disabled account is nobody's.
        assert row["disabled"] == row["anonymous"], key
        assert row["anonymous"] == "-" or set(list(row.values())[2:]) == {"+"}, key


def test_who_only_reads_and_who_manages_accounts_never_acts_on_business() -> None:
    table = rights.read_table("policy.csv", rights.POLICY_COLUMNS)
    everybodys = {key for key, row in table.items() if row["no_role"] == "+"}
    acts = [row for key, row in table.items() if key[1] == "POST" and key not in everybodys]
    business = [row for key, row in table.items() if not key[0].startswith(("accounts.", "account_personnel.", "new_institutions.")) and key not in everybodys]

    assert {row["auditor"] for row in acts} == {"-"}
    # What a supervisor has printed for a session, and the job that draws it, is no business.
    assert {key for key, row in table.items() if key[1] == "POST" and row["supervisor"] == "+"} - everybodys == {
        ("batch_cards.print_later", "POST"), ("prints.room_later", "POST"), ("jobs.cancel", "POST"), ("jobs.take", "POST"),
    }  # fmt: skip
    assert {row["administrator"] for row in business} == {"-"}
