"""Append-only tables, held by the database itself: what was once said officially is never edited or deleted."""

import sqlalchemy as sa

APPEND_ONLY = (
    "account_event",
    "mark",
    "mark_unlock",
    "adjudication",
    "appointment",
    "batch_duty",
    "nomination",
    "result",
    "case_vote",
    "case_decision",
    "certificate",
    "certificate_event",
    "confirmation",
    "contest",
    "contest_result",
    "contest_rule",
    "draft_opinion",
    "draft_revision",
    "filing",
    "filing_answer",
    "scheme",
    "score_line",
    "score_sheet",
    "standard_confirmation",
    "import_receipt",
    "journal_entry",
    "journal_object",
    "membership_correction",
    "opinion_answer",
    "reviewer",
    "task_card",
)


def install(connection: sa.Connection) -> None:
    """Put triggers on every append-only table that refuse UPDATE and DELETE, and TRUNCATE where there is one."""
    if connection.dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for act in ("UPDATE", "DELETE"):
                connection.exec_driver_sql(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    connection.execute(
        sa.text(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    )
    for table in APPEND_ONLY:
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
