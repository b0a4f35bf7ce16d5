"""Row numbers in addresses."""

from skilleval.services.public_ids import PublicIds

IDS = PublicIds(bytes(range(32)))


def test_an_address_leads_back_to_its_row() -> None:
    for row in (0, 1, 255, 2**63 - 1):
        assert IDS.find("person", IDS.hide("person", row)) == row


def test_an_address_of_one_kind_is_none_of_another() -> None:
    address = IDS.hide("person", 7)

    assert IDS.find("batch", address) is None


def test_neighbouring_rows_share_nothing() -> None:
    first, second = IDS.hide("person", 1), IDS.hide("person", 2)

    assert sum(one == other for one, other in zip(first, second, strict=True)) < 12


def test_what_was_made_up_is_no_address() -> None:
    address = IDS.hide("person", 7)
    made_up = [address[:-1] + ("0" if address[-1] != "0" else "1"), "0" * 32, "", "zz" * 16, address + "00"]

    assert [IDS.find("person", one) for one in made_up] == [None] * len(made_up)


def test_another_installation_has_other_addresses() -> None:
    assert PublicIds(bytes(32)).find("person", IDS.hide("person", 7)) is None
