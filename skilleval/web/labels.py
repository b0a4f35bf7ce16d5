"""The labels (Chinese words) of lower layers that pages show, so that the catalogue has them.

The domain keeps each label beside what it names; pages translate it where they show it (``show.label``). Messages of
services, clauses and facts of proofs are no labels: they stay Chinese in every language.
"""

from collections.abc import Iterator
from typing import IO, Any

from skilleval.domain import (
    accounts,
    appointment,
    authority,
    backgrounds,
    chains,
    conflicts,
    contests,
    coverage,
    criteria,
    identifiers,
    lifecycle,
    methods,
    performance,
    recognition,
    rule_changes,
    schemes,
    scoring,
    specifications,
    thresholds,
    wording,
)
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer
from skilleval.pack_contradictions import LAYERS
from skilleval.reports import cover_letter
from skilleval.services import (
    certificate_events,
    confirmations,
    import_kinds,
    jobs,
    people_changes,
    roster,
    whatif,
)
from skilleval.services.standard_confirmations import Trust

#: words by what is named
_TABLES = (
    *lifecycle.STATES.values(), authority.ROUTES, appointment.TERMS, confirmations.RESULTS, chains.MEMBER_KINDS,
    chains.MANDATE_STATES, conflicts.KINDS, conflicts.STATES,
    contests.CLASSES, backgrounds.DIPLOMA_KINDS, backgrounds.TITLE_LEVELS, backgrounds.EVIDENCE_LEVELS, identifiers.ID_TYPES,
    recognition.EVIDENCE_KINDS, recognition.EVIDENCE_STATES, recognition.STATES, recognition.VOTES, rule_changes.WORDS,
    scoring.AGREEMENT_RULES, specifications.CONCLUSIONS, specifications.VERDICTS, wording.CONFIDENCES, wording.KEYS,
    wording.KINDS, wording.SEVERITIES, wording.STATUSES, LAYERS, cover_letter.LEVELS, certificate_events.KINDS,
    people_changes.CHANGEABLE, whatif.KINDS, schemes.KINDS, criteria.CRITERION_KINDS, performance.DIRECTIONS,
)  # fmt: skip

#: every label, each once, in a steady order
LABELS = tuple(
    dict.fromkeys((
        *(grade.printed for grade in Grade),
        *(grade.name_zh for grade in Grade),
        *(word.name_zh for kind in (Answer, authority.Verdict, scoring.Outcome, Trust, coverage.Cover) for word in kind),
        *(text for role in accounts.ROLES.values() for text in (role.name_zh, role.may)),
        *(text for method in methods.METHODS.values() for text in (method.name_zh, method.short_zh)),
        *(f"{key} {name}" for key, name in appointment.ROUTES.items()),
        *(word for table in _TABLES for word in table.values()),
        *thresholds.NAMES.values(),
        *(kind.title for kind in import_kinds.IMPORTS.values()),
        *(text for kind in jobs.KINDS.values() for text in (kind.title, kind.nothing)),
        *(column.header for column in roster.ROSTER),
        *roster.SEXES,
        *roster.EMPLOYMENT,
    ))
)


def extract(_file: IO[bytes], _keywords: Any, _comment_tags: Any, options: dict[str, Any]) -> Iterator[tuple[int, str, str, list[str]]]:
    """The labels as messages, in the form that Babel asks of what reads a file: (line, function, message, comments)."""
    for label in LABELS:
        yield 0, "_", label, []
