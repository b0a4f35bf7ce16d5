"""Proofs over every page read: nothing is written, whose marks stand in it, how many statements it needs.

Each takes the visits of a survey and gives the faults that it found.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa

from skilleval.db.engine import Database
from skilleval.db.tables import Table
from tests.cli.test_canary import marks_in
from tests.marked import FIRMS, allowed
from tests.web import checks
from tests.web.marked_site import ADMINISTRATOR, ANONYMOUS
from tests.web.survey import Visit, links_of

MOST_STATEMENTS = 12
#: pages on which every name of a notice stands: its sheet, and what the public sees
NOTICES = ("notices.", "public.")
PUBLIC = "public."
#: what a notice is about: the batch of a member is the member's own matter until its notice is published
_BATCHES_NAME = re.compile(r"金[甲乙丙]密(?:批次\d|直接认定)")
#: pages that answer with something else than 200 in the marked world, and why
UNSEEN = {
    **dict.fromkeys(("batch_cards.print_", "batch_cards.print_all"), "the item of the marked world is a draft"),
    "accounts.secret_once": "the account in its address is nobody's who asks",
    "evidence.file": "the evidence of the marked world has no file",
    "accounts.first_run": "there is an administrator",
    "panels.check": "needs the names of a proposal in its address",
    "panels.propose": "needs a part and a number in its address",
    **dict.fromkeys(("records.begin", "records.sheet", "records.submit"), "no part of the marked world is computed from records"),
    "scheme_sheets.workbook": "the first part of each batch of the marked world has no scheme",
    "scoring.begin": "every paper of the marked world has been begun",
}
#: where numbers stand in full: the example in an empty form, and the file that goes back to who uploaded it
EXAMPLES = ("imports.template", "imports.marked")


def content_of(database: Database) -> dict[str, str]:
    """A hash of each table, but for when a session was last seen."""
    found = {}
    with database.reading() as session:
        for table in Table.metadata.sorted_tables:
            columns = [one for one in table.c if (table.name, one.key) != ("web_session", "seen_at")]
            rows = session.connection().execute(sa.select(*columns).order_by(*table.primary_key.columns))
            found[table.name] = hashlib.sha256("\n".join(map(repr, rows)).encode()).hexdigest()
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables that are not as they were."""
    return [f"table {name} has changed" for name in before if before[name] != after[name]]


def writing_faults(visits: Iterable[Visit]) -> list[str]:
    """Pages that sent a statement that changes something."""
    return sorted({f"{one.endpoint}: reading writes: {one.writes[0][:80]}" for one in visits if one.writes})


def answer_faults(visits: Iterable[Visit]) -> list[str]:
    """What any answer must not have or lack."""
    return sorted({fault for one in visits for fault in one.faults})


def statement_faults(visits: Iterable[Visit]) -> list[str]:
    """Pages that need more statements than allowed, with the one that is sent most often."""
    worst: dict[str, Visit] = {}
    for one in visits:
        if len(one.statements) > MOST_STATEMENTS and len(one.statements) > len(worst.get(one.endpoint, one).statements[1:]):
            worst[one.endpoint] = one
    return [f"{name}: {len(one.statements)} statements at {one.path}, most often {_commonest(one)}" for name, one in sorted(worst.items())]


def _commonest(one: Visit) -> str:
    tally: dict[str, int] = defaultdict(int)
    for statement in one.statements:
        tally[statement] += 1
    statement, times = max(tally.items(), key=lambda pair: pair[1])
    return f"{times} x {' '.join(re.sub(r'SELECT .*? FROM', 'SELECT … FROM', statement, flags=re.DOTALL).split())[:110]}"


def mark_faults(visits: Iterable[Visit]) -> list[str]:
    """Answers in which a mark stands that is not for whoever asks."""
    faults = set()
    for one in visits:
        text = _BATCHES_NAME.sub("", one.text) if one.endpoint.startswith(PUBLIC) else one.text
        foreign = marks_in(text) - _allowed(one)
        if foreign:
            faults.add(f"{one.endpoint} as {one.persona.name}: {' '.join(sorted(foreign))} at {one.path}")
    return sorted(faults)


def _allowed(one: Visit) -> set[str]:
    if one.endpoint.startswith(PUBLIC):
        own = set() if one.persona.firm is None else allowed(one.persona.firm, notice=True)
        return own | {f"金{letter}{kind}" for letter in FIRMS for kind in "名姓"}
    if one.persona.firm is not None:
        return allowed(one.persona.firm, notice=one.endpoint.startswith(NOTICES))
    names = {f"金{letter}名" for letter in FIRMS}
    if one.persona is ADMINISTRATOR or one.persona.name == ADMINISTRATOR.name:
        # Accounts are told by name and institution.
        return names | {f"金{letter}密" for letter in FIRMS} if one.endpoint.startswith("accounts.") else names
    assert one.persona.name == ANONYMOUS.name
    return set()


def number_faults(visits: Iterable[Visit]) -> list[str]:
    """Answers in which a document number stands in full: nobody has asked to see one."""
    return sorted({
        f"{one.endpoint} as {one.persona.name}: a number in full" for one in visits
        if one.endpoint not in EXAMPLES and checks.numbers_in(one.text)
    })  # fmt: skip


def unvisited(visits: Iterable[Visit], endpoints: Iterable[str]) -> list[str]:
    """Pages that nobody saw, but for those that can't be seen."""
    seen = {one.endpoint for one in visits if one.status == 200}
    return sorted(set(endpoints) - seen - set(UNSEEN))


def dead_links(visits: Iterable[Visit]) -> list[str]:
    """Addresses that a page offered to whoever asks and that lead nowhere, or to a refusal."""
    known = {(one.persona.name, one.path): one for one in visits}
    faults = set()
    for one in visits:
        if one.mimetype != "text/html" or one.status != 200:
            continue
        for link in links_of(one.text, forms=False):
            led = known.get((one.persona.name, link))
            if led is not None and led.status in (403, 404):
                faults.add(f"{one.endpoint} offers {led.endpoint or link} to {one.persona.name}: {led.status}")
    return sorted(faults)
