"""How packs, rules and what changes in them look: rows for JSON, lines for a terminal."""

from collections.abc import Iterator
from typing import Any

from skilleval.cli.output import _
from skilleval.domain.rule_changes import WORDS, RuleChange
from skilleval.domain.rules import Rule
from skilleval.domain.wording import KEYS, KINDS, STATUSES, rule_in_words
from skilleval.pack_contradictions import LAYERS, Pack
from skilleval.packs import Library


def pack_row(pack: Pack) -> dict[str, Any]:
    """A pack as JSON values."""
    return {
        "key": pack.key,
        "name": pack.name,
        "layer": pack.layer,
        "default": pack.default,
        "statuses": sorted({rule.clause.status for rule in pack.rules}),
        "sha256": pack.sha256,
        "rules": len(pack.rules),
    }


def pack_line(row: dict[str, Any]) -> str:
    """A pack as one line: key, name, layer, whether it applies, statuses, count, hash."""
    # Whatever a firm chooses, the national layer applies.
    default = _("一律适用") if row["layer"] == "national" else _("默认采用") if row["default"] else _("自行选用")
    statuses = "、".join(STATUSES[one] for one in row["statuses"])
    return f"[{row['key']}] {row['name']}  {LAYERS[row['layer']]}  {default}  {statuses}  {row['rules']} 条  {row['sha256'][:16]}"


def rule_row(library: Library, rule: Rule) -> dict[str, Any]:
    """One version of a rule as JSON values, also in words."""
    other, because = _override(library, rule)
    return {
        "id": rule.clause.id,
        "pack": rule.pack,
        "kind": rule.kind,
        "clause": rule.clause.text,
        "source": rule.clause.source,
        "article": rule.clause.article,
        "confidence": rule.clause.confidence,
        "status": rule.clause.status,
        "from": rule.valid_from,
        "to": rule.valid_to,
        "severity": rule.severity,
        "value": rule.value,
        "overrides": other or None,
        "overrides_because": because or None,
        "words": rule_in_words(rule),
    }


def _override(library: Library, rule: Rule) -> tuple[str, str]:
    pack = next(pack for pack in library.packs if pack.key == rule.pack)
    return pack.overrides.get(rule.clause.id, ("", ""))


def rule_line(row: dict[str, Any]) -> str:
    """One version of a rule as one line."""
    words = row["words"]
    value = f"  ＝{words['value']}" if "value" in words else ""
    overrides = _("  覆盖 {pack}：{reason}").format(pack=row["overrides"], reason=row["overrides_because"]) if row["overrides"] else ""
    return (
        f"  {row['id']}  {words['kind']}{value}  {row['clause']}  ——{row['source']}{row['article']}  "
        f"{words['status']}  {row['from']}～{row['to'] or ''}  {words['severity']}{overrides}"
    )


def rule_lines(library: Library, rule: Rule) -> Iterator[str]:
    """One version of a rule in full, a line each key."""
    pack = next(pack for pack in library.packs if pack.key == rule.pack)
    other, because = _override(library, rule)
    yield f"{rule.clause.id}  [{pack.key}] {pack.name}（{LAYERS[pack.layer]}）"
    for key, words in rule_in_words(rule).items():
        yield f"  {KEYS[key]}：{words}"
    if other:
        yield _("  覆盖：{pack}；理由：{reason}").format(pack=other, reason=because)


def change_row(change: RuleChange) -> dict[str, Any]:
    """A change of a rule as JSON values."""
    rule = change.rule
    keys = {key: {"old": old, "new": new} for key, (old, new) in change.keys.items()}
    return {"id": rule.clause.id, "kind": rule.kind, "what": change.what, "from": rule.valid_from, "clause": rule.clause.text, "keys": keys}


def change_lines(change: RuleChange) -> Iterator[str]:
    """A change of a rule as lines, a line each key."""
    rule = change.rule
    yield f"[{WORDS[change.what]}] {rule.clause.id}（{KINDS[rule.kind]}，{rule.valid_from} 起）  {rule.clause.text}"
    for key, (old, new) in change.keys.items():
        yield f"    {KEYS[key]}：{old or '—'} → {new or '—'}"
