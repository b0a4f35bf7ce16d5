"""Puts the web application together. It does not start while one route has no line in the policy table."""

import hashlib
import logging
from datetime import date, timedelta
from pathlib import Path

from flask import Flask
from flask_wtf import CSRFProtect

from skilleval.installation import Installation
from skilleval.paths import shipped
from skilleval.services.public_ids import public_ids_of
from skilleval.web import (
    account_personnel,
    accounts,
    acts,
    appointments,
    batch_cards,
    batches,
    candidates,
    cases,
    certificates,
    chains,
    confirmations,
    corner,
    drafts,
    errors,
    evidence,
    filings,
    gate,
    home,
    imports,
    institution_files,
    institutions,
    issued,
    items,
    jobs,
    journal,
    language,
    marks,
    membership_corrections,
    navigation,
    new_contests,
    new_institutions,
    notices,
    panels,
    paper_marks,
    people_changes,
    person,
    personnel,
    places,
    policy,
    posts,
    prints,
    public,
    public_ids,
    recognitions,
    records,
    rehearsals,
    relations,
    rule_trials,
    rules,
    saved_views,
    scheme_sheets,
    schemes,
    scoring,
    show,
    specifications,
    standards,
    task_cards,
    venues,
    workforce,
)

#: Every blueprint of the application, one a noun; ``person`` adds one person's page to that of the people, ``new_contests`` its form to the contests.
BLUEPRINTS = (
    accounts.pages,
    home.pages,
    saved_views.pages,
    public.pages,
    person.pages,
    imports.pages,
    jobs.pages,
    batches.pages,
    rehearsals.pages,
    candidates.pages,
    panels.pages,
    relations.pages,
    scoring.pages,
    records.pages,
    marks.pages,
    scheme_sheets.pages,
    paper_marks.pages,
    prints.pages,
    batch_cards.pages,
    notices.pages,
    certificates.pages,
    issued.pages,
    filings.pages,
    account_personnel.pages,
    new_institutions.pages,
    institutions.pages,
    institution_files.pages,
    standards.pages,
    posts.pages,
    personnel.pages,
    venues.pages,
    specifications.pages,
    items.pages,
    task_cards.pages,
    schemes.pages,
    rules.pages,
    rule_trials.pages,
    drafts.pages,
    workforce.pages,
    chains.pages,
    membership_corrections.pages,
    corner.pages,
    journal.pages,
    recognitions.pages,
    cases.pages,
    evidence.pages,
    new_contests.pages,
    appointments.pages,
    confirmations.pages,
    people_changes.pages,
)

#: An upload is refused beyond this, before a byte of it is read (the importer has its own, smaller limits).
MAX_UPLOAD = 32 * 1024 * 1024

csrf = CSRFProtect()


def _version_of(folder: Path) -> str:
    """A word that changes with the files that browsers keep, the same in every process that serves them."""
    digest = hashlib.sha256()
    for file in sorted(one for one in folder.rglob("*") if one.is_file()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def create_app(installation: Installation, *, today: date | None = None) -> Flask:
    """The application on one installation. ``today`` fixes the day, for demonstrations; without it the calendar's.

    Refused with ``RuleBroken``: a folder that is no installation, keys or packs that can't be read, and with
    ``PolicyGap``: a route without a line in the policy table, or a line without a route.
    """
    settings = installation.settings
    app = Flask(
        "skilleval.web",
        template_folder=str(shipped("templates") / "web"),
        static_folder=str(Path(__file__).parent / "static"),
        instance_path=str(installation.folder.resolve()),
    )
    app.config.update(
        SECRET_KEY=installation.vault.web_key("cookie"),
        SESSION_COOKIE_NAME=gate.cookie_name(settings, "skilleval_form"),
        SESSION_COOKIE_SECURE=settings.web.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        MAX_CONTENT_LENGTH=MAX_UPLOAD,
        TRUSTED_HOSTS=list(settings.web.trusted_hosts),
        # A form may stay open for a day's work; it dies with the session that it belongs to.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.extensions["skilleval"] = gate.Site(installation, today, static_version=_version_of(Path(app.static_folder or "")))
    app.logger.setLevel(logging.INFO)
    public_ids.install(app, public_ids_of(installation.vault))
    # In this order before each request: the language of the answer, who asks and whether they may, the form's token.
    language.install(app)
    gate.install(app)
    csrf.init_app(app)
    errors.install(app)
    show.install(app)
    navigation.install(app)
    acts.install(app.jinja_env)
    places.install(app)
    saved_views.install(app)
    for pages in BLUEPRINTS:
        app.register_blueprint(pages)
    policy.must_be_whole(app)
    return app
