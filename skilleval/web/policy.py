"""Who may open what: one line for every page and act, and nothing without a line.

A role holds at the institution that the account acts for. The line decides whether an act may be tried at all; whose
rows it reaches is decided by the services (``services/tenancy.py``), and who may do two things to one batch by
``services/duties.py``.
"""

from collections.abc import Collection
from dataclasses import dataclass

from flask import Flask

from skilleval.domain.accounts import ROLES


class PolicyGap(RuntimeError):
    """A route has no line here, or a line has no route. The application does not start."""


@dataclass(frozen=True, slots=True)
class Anyone:
    """No account is needed: the public pages, signing in, the assets."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Any account, whatever its roles."""


@dataclass(frozen=True, slots=True)
class Roles:
    """An account that has one of these roles at the institution it acts for."""

    any_of: frozenset[str]


Allowed = Anyone | SignedIn | Roles


def _roles(*keys: str) -> Roles:
    unknown = set(keys) - set(ROLES)
    if unknown:
        raise PolicyGap(f"unknown roles: {sorted(unknown)}")
    return Roles(frozenset(keys))


ANYONE = Anyone()
SIGNED_IN = SignedIn()
ADMIN = _roles("administrator")
HR = _roles("hr")
REVIEWER = _roles("reviewer")
APPROVER = _roles("approver")
ISSUER = _roles("issuer")
ASSESSOR = _roles("assessor")
#: whoever keeps people: the evaluator's HR, and a member firm's for its own
PEOPLE = _roles("hr", "member_hr")
#: whoever imports something from a workbook
IMPORTERS = _roles("hr", "member_hr", "issuer")
#: whoever may ask for some kind of long work
JOB_ROLES = _roles("hr", "member_hr", "reviewer", "supervisor", "issuer")
#: whoever may read the business of an institution
STAFF = _roles("hr", "member_hr", "assessor", "reviewer", "approver", "supervisor", "issuer", "auditor")
#: whoever may read personal data of people
PEOPLE_READERS = _roles("hr", "member_hr", "reviewer", "approver", "supervisor", "issuer", "auditor")
#: whoever may read what goes to the authority, and whoever sends it
FILING_READERS = _roles("hr", "reviewer", "approver", "supervisor", "issuer", "auditor")
FILERS = _roles("hr", "issuer")
#: whoever may read the marks of candidates, panels and conflicts; an assessor has their own sheets
MARK_READERS = _roles("hr", "reviewer", "approver", "supervisor", "auditor")
#: whoever prints for a session; a supervisor changes nothing by it
PRINTERS = _roles("hr", "reviewer", "supervisor")
#: whoever types paper sheets in, two for one sheet; whoever writes down what people declare
TYPISTS = _roles("hr", "reviewer")
#: whoever may read cases of direct recognition and their evidence; the pages narrow it to the own people or panel
CASE_READERS = _roles("hr", "member_hr", "assessor", "reviewer", "approver", "supervisor", "auditor")
#: whoever reads what a firm keeps of its own people's contests, appointments and confirmations
FIRM_READERS = _roles("hr", "reviewer", "approver", "supervisor", "auditor")
#: whoever may read what is asked in a test and how it is marked
ASSESSING_READERS = _roles("hr", "assessor", "reviewer", "approver", "supervisor", "auditor")
#: whoever may see who did what
JOURNAL_READERS = _roles("hr", "supervisor", "auditor")

#: endpoint, who may read it (GET), who may act (POST)
LINES: tuple[tuple[str, Allowed | None, Allowed | None], ...] = (
    # — everybody —
    ("static", ANYONE, None),
    ("accounts.sign_in", ANYONE, ANYONE),
    ("accounts.first_run", ANYONE, ANYONE),
    ("home.health", ANYONE, None),
    ("home.icon", ANYONE, None),
    ("public.notice", ANYONE, ANYONE),
    ("public.check", ANYONE, ANYONE),
    ("public.certificate", ANYONE, None),
    ("language.choose", None, ANYONE),
    # — one's own account —
    ("accounts.sign_out", None, SIGNED_IN),
    ("accounts.own", SIGNED_IN, None),
    ("accounts.password", SIGNED_IN, SIGNED_IN),
    ("accounts.second_factor", SIGNED_IN, None),
    ("accounts.start_second_factor", None, SIGNED_IN),
    ("accounts.secret_once", SIGNED_IN, None),
    ("accounts.confirm_second_factor", None, SIGNED_IN),
    ("accounts.switch", None, SIGNED_IN),
    # — accounts of the installation —
    ("accounts.index", ADMIN, None),
    ("accounts.new", ADMIN, ADMIN),
    ("accounts.show", ADMIN, None),
    ("accounts.grant", None, ADMIN),
    ("accounts.revoke", None, ADMIN),
    ("accounts.disable", None, ADMIN),
    ("accounts.enable", None, ADMIN),
    ("accounts.reset", None, ADMIN),
    ("accounts.remove_codes", None, ADMIN),
    ("accounts.once_", ADMIN, None),
    ("account_personnel.link", None, ADMIN),
    ("new_institutions.new", ADMIN, ADMIN),
    # — home —
    ("home.show", SIGNED_IN, None),
    # — how one's own account keeps its lists —
    ("saved_views.save", None, SIGNED_IN),
    ("saved_views.default", None, SIGNED_IN),
    ("saved_views.remove", None, SIGNED_IN),
    ("saved_views.columns", None, SIGNED_IN),
    # — people —
    ("people.index", PEOPLE_READERS, None),
    ("people.show", PEOPLE_READERS, None),
    ("people.reveal", None, _roles("hr", "member_hr", "reviewer", "issuer")),
    ("people_changes.propose", None, PEOPLE),
    ("people_changes.apply", None, PEOPLE),
    # — imports: each kind names those who may, in services/import_kinds.py —
    ("imports.index", IMPORTERS, None),
    ("imports.new", IMPORTERS, IMPORTERS),
    ("imports.template", IMPORTERS, None),
    ("imports.filled", None, PEOPLE),
    ("imports.show", IMPORTERS, None),
    ("imports.correct", None, IMPORTERS),
    ("imports.write", None, IMPORTERS),
    ("imports.discard", None, IMPORTERS),
    ("imports.marked", IMPORTERS, None),
    # — long work: each kind names those who may, in services/jobs.py —
    ("jobs.index", JOB_ROLES, None),
    ("jobs.show", JOB_ROLES, None),
    ("jobs.cancel", None, JOB_ROLES),
    ("jobs.take", None, JOB_ROLES),
    # — the institution and what belongs to it —
    ("institutions.show", STAFF, None),
    ("institutions.edit", HR, HR),
    ("institutions.new_registration", HR, HR),
    ("institutions.registration", HR, HR),
    ("institutions.new_scope", HR, HR),
    ("institutions.scope", HR, HR),
    ("institution_files.upload", HR, HR),
    ("institution_files.confirm", None, HR),
    ("specifications.index", STAFF, None),
    ("specifications.show", STAFF, None),
    ("specifications.new", HR, HR),
    ("specifications.next_version", HR, HR),
    ("items.index", ASSESSING_READERS, None),
    ("items.new", HR, HR),
    ("items.show", ASSESSING_READERS, None),
    ("items.edit", HR, HR),
    ("items.retire", None, HR),
    ("items.coverage", ASSESSING_READERS, None),
    ("task_cards.edit", HR, HR),
    ("task_cards.print_", ASSESSING_READERS, None),
    ("schemes.show", ASSESSING_READERS, None),
    ("schemes.define", HR, HR),
    ("schemes.by_file", None, HR),
    ("drafts.index", STAFF, None),
    ("drafts.show", STAFF, None),
    ("drafts.new", None, HR),
    ("drafts.record", STAFF, None),
    ("drafts.add_drafter", HR, HR),
    ("drafts.end_drafting", None, HR),
    ("drafts.revise", None, PEOPLE),
    ("drafts.opine", None, PEOPLE),
    ("drafts.open_round", None, HR),
    ("drafts.answer", None, HR),
    ("drafts.conclude", None, HR),
    ("drafts.approve", None, APPROVER),
    ("drafts.abandon", None, HR),
    ("posts.index", STAFF, None),
    ("posts.new", HR, HR),
    ("posts.edit", HR, HR),
    ("personnel.index", STAFF, None),
    ("personnel.show", PEOPLE_READERS, None),
    ("personnel.new", HR, HR),
    ("personnel.edit", HR, HR),
    ("venues.index", STAFF, None),
    ("venues.show", STAFF, None),
    ("venues.new", HR, HR),
    ("venues.edit", HR, HR),
    # — occupations and standards —
    ("standards.index", STAFF, None),
    ("standards.show", STAFF, None),
    ("standards.standard", STAFF, HR),
    # — rules —
    ("rules.index", STAFF, None),
    ("rules.show", STAFF, None),
    ("rules.choose", HR, HR),
    ("rules.text", STAFF, None),
    ("rule_trials.show", PEOPLE_READERS, None),
    ("rule_trials.upload", None, _roles("hr", "member_hr", "reviewer", "approver")),
    ("rule_trials.edition", PEOPLE_READERS, None),
    # — the workforce, for management —
    ("workforce.index", PEOPLE_READERS, None),
    ("workforce.apprentices", PEOPLE_READERS, None),
    ("workforce.coming", PEOPLE_READERS, None),
    # — the journal —
    ("journal.index", JOURNAL_READERS, None),
    ("journal.check", JOURNAL_READERS, None),
    # — chains —
    ("chains.index", PEOPLE_READERS, None),
    ("chains.show", PEOPLE_READERS, None),
    ("chains.add", None, HR),
    ("chains.add_member", None, HR),
    ("chains.end_membership", None, HR),
    ("membership_corrections.show", PEOPLE_READERS, None),
    ("membership_corrections.correct", None, HR),
    ("chains.add_mandate", None, HR),
    ("chains.revoke_mandate", None, HR),
    ("corner.show", PEOPLE, None),
    ("corner.candidates", PEOPLE, None),
    ("corner.evidence", PEOPLE, None),
    # — batches —
    ("batches.index", STAFF, None),
    ("batches.show", STAFF, None),
    ("batches.new", HR, HR),
    ("batches.advance", None, HR),
    ("batches.reason", None, APPROVER),
    ("batches.extend", None, HR),
    ("rehearsals.show", MARK_READERS, None),
    ("rehearsals.sheet", MARK_READERS, None),
    ("rehearsals.certificate", MARK_READERS, None),
    ("candidates.index", STAFF, None),
    ("candidates.show_", PEOPLE_READERS, None),
    ("candidates.check", None, _roles("hr", "reviewer")),
    ("candidates.decide", None, REVIEWER),
    # — notices —
    ("notices.index", STAFF, None),
    ("notices.sheet", STAFF, None),
    ("notices.publish", None, APPROVER),
    ("notices.correct", None, APPROVER),
    ("notices.close", None, APPROVER),
    ("notices.withdraw", None, APPROVER),
    ("notices.record", None, _roles("hr", "approver")),
    ("notices.decide", None, APPROVER),
    # — certificates —
    ("certificates.index", PEOPLE_READERS, None),
    ("certificates.issue", ISSUER, ISSUER),
    ("certificates.numbers", ISSUER, ISSUER),
    ("certificates.print_", None, ISSUER),
    ("issued.index", PEOPLE_READERS, None),
    ("issued.show_", PEOPLE_READERS, None),
    ("issued.act", None, ISSUER),
    ("issued.replace", None, ISSUER),
    ("issued.print_", None, ISSUER),
    # — filings —
    ("filings.everywhere", FILING_READERS, None),
    ("filings.index", FILING_READERS, None),
    ("filings.show", FILING_READERS, None),
    ("filings.check", FILING_READERS, None),
    ("filings.export", FILERS, FILERS),
    ("filings.download", None, FILERS),
    ("filings.answer", None, FILERS),
    ("batch_cards.index", MARK_READERS, None),
    ("batch_cards.check", MARK_READERS, None),
    ("batch_cards.print_all", MARK_READERS, None),
    ("batch_cards.print_", MARK_READERS, None),
    ("batch_cards.print_later", None, PRINTERS),
    ("prints.room", PRINTERS, None),
    ("prints.room_later", None, PRINTERS),
    ("panels.index", MARK_READERS, None),
    ("panels.propose", MARK_READERS, None),
    ("panels.check", MARK_READERS, None),
    ("panels.conflicts", MARK_READERS, None),
    ("panels.assign", None, HR),
    ("panels.attend", None, HR),
    ("panels.staff", None, HR),
    ("panels.decide", None, REVIEWER),
    ("relations.declare", TYPISTS, TYPISTS),
    ("marks.index", STAFF, None),
    ("marks.show_", MARK_READERS, None),
    ("marks.sheets", MARK_READERS, None),
    ("marks.settle", None, REVIEWER),
    ("marks.adjudicate", None, REVIEWER),
    ("marks.unlock", None, REVIEWER),
    ("marks.correct", None, REVIEWER),
    ("marks.remark", None, REVIEWER),
    ("scheme_sheets.index", MARK_READERS, None),
    ("scheme_sheets.workbook", HR, None),
    ("paper_marks.sheet", TYPISTS, TYPISTS),
    ("paper_marks.compare", TYPISTS, None),
    ("paper_marks.write", None, TYPISTS),
    ("scoring.index", ASSESSOR, None),
    ("scoring.begin", ASSESSOR, None),
    ("scoring.sheet", ASSESSOR, ASSESSOR),
    ("scoring.submit", ASSESSOR, ASSESSOR),
    ("records.begin", ASSESSOR, None),
    ("records.sheet", ASSESSOR, ASSESSOR),
    ("records.submit", ASSESSOR, ASSESSOR),
    # — direct recognition —
    ("recognitions.index", CASE_READERS, None),
    ("recognitions.new", HR, HR),
    ("recognitions.by_file", None, HR),
    ("cases.show", CASE_READERS, None),
    ("cases.hand_in", None, PEOPLE),
    ("cases.attach", None, PEOPLE),
    ("cases.score", None, ASSESSOR),
    ("cases.vote", None, ASSESSOR),
    ("cases.decision", CASE_READERS, None),
    ("cases.decide", None, APPROVER),
    ("cases.minutes", CASE_READERS, None),
    ("evidence.index", CASE_READERS, None),
    ("evidence.show", CASE_READERS, None),
    ("evidence.file", CASE_READERS, None),
    ("evidence.accept", None, REVIEWER),
    ("evidence.reject", None, REVIEWER),
    # — contests, appointments, confirmations —
    ("contests.index", FIRM_READERS, None),
    ("contests.add", None, HR),
    ("contests.show", FIRM_READERS, None),
    ("contests.promote", None, HR),
    ("contests.disallow", None, REVIEWER),
    ("contests.new", HR, HR),
    ("appointments.index", FIRM_READERS, None),
    ("appointments.new", HR, HR),
    ("appointments.show", FIRM_READERS, None),
    ("appointments.appoint", None, APPROVER),
    ("appointments.record", FIRM_READERS, None),
    ("confirmations.index", FIRM_READERS, None),
    ("confirmations.new", HR, HR),
    ("confirmations.show", FIRM_READERS, None),
    ("confirmations.record", FIRM_READERS, None),
)

POLICY: dict[str, dict[str, Allowed]] = {
    endpoint: {method: allowed for method, allowed in (("GET", read), ("POST", act)) if allowed is not None}
    for endpoint, read, act in LINES
}


def allows(allowed: Allowed, roles: Collection[str] | None) -> bool:
    """Whether somebody with these roles may; ``roles`` is None for somebody who is not signed in."""
    match allowed:
        case Anyone():
            return True
        case SignedIn():
            return roles is not None
        case Roles(any_of):
            return roles is not None and not any_of.isdisjoint(roles)


def must_be_whole(app: Flask) -> None:
    """Refuse to start with a route that has no line, a line that has no route, or two lines for one endpoint."""
    routes: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        routes.setdefault(rule.endpoint, set()).update(methods)
    gaps = [
        f"{endpoint} {method}: no line in the policy table"
        for endpoint, methods in routes.items()
        for method in sorted(methods - set(POLICY.get(endpoint, {})))
    ]
    gaps += [
        f"{endpoint} {method}: no such route"
        for endpoint, methods in POLICY.items()
        for method in sorted(set(methods) - routes.get(endpoint, set()))
    ]
    names = [endpoint for endpoint, _read, _act in LINES]
    gaps += [f"{name}: two lines" for name in sorted({name for name in names if names.count(name) > 1})]
    if gaps:
        raise PolicyGap("; ".join(gaps))
