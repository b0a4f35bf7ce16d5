"""Accounts for looking round in the browser: one a role at the lead, and one for the HR of each supplier."""

from typing import Any

from skilleval.demo.firms import LEAD, SUPPLIERS
from skilleval.demo.story import TODAY, Story
from skilleval.domain.accounts import ROLES

#: the assessor whom the account of that role is among the lead's personnel
ASSESSOR = "K01"


def open_accounts(story: Story) -> dict[str, Any]:
    """Every login with its name, firm and one-time password, which must be changed when first used."""
    opened = []
    for role in (one for one in ROLES.values() if one.key != "member_hr"):
        firm = "" if role.key == "administrator" else LEAD.credit_code
        opened.append(_open(story, role.key, f"演示{role.name_zh}", role.key, firm, LEAD.name if firm else ""))
    for place, supplier in enumerate(SUPPLIERS, start=1):
        opened.append(_open(story, f"member{place}", f"演示成员人力{place}", "member_hr", supplier.credit_code, supplier.name))
    story.run("accounts", "link", "assessor", "--institution", LEAD.credit_code, "--personnel", ASSESSOR, on=TODAY)
    return {"accounts": opened}


def _open(story: Story, login: str, name: str, role: str, credit_code: str, firm: str) -> dict[str, str]:
    place = ("--institution", credit_code) if credit_code else ()
    answer = story.run("accounts", "add", login, "--name", name, "--role", role, *place, on=TODAY)
    return {"login": login, "role": ROLES[role].name_zh, "firm": firm, "password": answer["one_time_password"]}
