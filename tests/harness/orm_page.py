"""The page that a team would write first: plain Flask, SQLModel objects, paging by offset, a Jinja table, 8 threads.

    python -m tests.harness.orm_page DATABASE PORT

It reads the same rows of the same file as ours, with no account, rights, filters, language or journal around them.
"""

import sys
from datetime import date
from typing import Any

from flask import Flask, redirect, request
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, create_engine, func, select

from skilleval.db.tables import Credential, Person, Venue
from skilleval.domain.ladder import Grade

PAGE, THREADS = 50, 8
_TEMPLATE = """<!doctype html>
<html><head><title>花名册</title></head><body><h1>花名册</h1>
<table><thead><tr>{% for title in titles %}<th>{{ title }}</th>{% endfor %}</tr></thead><tbody>
{% for person in people %}<tr>
<td><a href="/people/{{ person.id }}">{{ person.name }}</a></td><td>{{ person.employee_no or "—" }}</td>
<td>{{ person.department or "—" }}</td><td>{{ person.post or "—" }}</td><td>{{ person.occupation_code or "—" }}</td>
<td>{{ held.get(person.id, "—") }}</td><td>{{ person.employment or "—" }}</td><td>{{ person.hired_on or "—" }}</td>
</tr>{% endfor %}
</tbody></table>
<p>共 {{ total }} 行 <a rel="next" href="/people?page={{ number + 1 }}">下一页</a></p></body></html>"""
_TITLES = ("姓名", "工号", "部门", "岗位", "现从事职业", "持有的最高等级", "用工形式", "入职日期")


def create_page(engine: Engine) -> Flask:
    """The application: the list, and one form that changes a venue."""
    app = Flask(__name__)
    page = app.jinja_env.from_string(_TEMPLATE)

    @app.get("/people")
    def people() -> str:
        number = int(request.args.get("page", 1))
        with Session(engine) as session:
            total = session.exec(select(func.count()).select_from(Person).where(col(Person.institution_id) == 1)).one()
            query = select(Person).where(col(Person.institution_id) == 1).order_by(col(Person.pinyin), col(Person.id))
            found = session.exec(query.offset((number - 1) * PAGE).limit(PAGE)).all()
            held = _highest(session, [one.id for one in found])
            return page.render(people=found, held=held, total=total, number=number, titles=_TITLES)

    @app.post("/venues/<int:venue_id>")
    def change(venue_id: int) -> Any:
        with Session(engine) as session:
            venue = session.get_one(Venue, venue_id)
            venue.address = request.form["address"]
            session.add(venue)
            session.commit()
        return redirect(f"/venues/{venue_id}", 303)

    return app


def _highest(session: Session, people: list[int | None]) -> dict[int, str]:
    mine = col(Credential.institution_id) == 1, col(Credential.person_id).in_(people)
    query = select(Credential).where(*mine, col(Credential.kind) == "certificate")
    highest: dict[int, Grade] = {}
    for one in session.exec(query):
        if one.level != "none" and (one.obtained_on is None or one.obtained_on <= date.today()):
            grade = Grade(one.level)
            highest[one.person_id] = max(grade, highest.get(one.person_id, grade))
    return {person: grade.printed for person, grade in highest.items()}


if __name__ == "__main__":
    import waitress

    engine = create_engine(f"sqlite:///{sys.argv[1]}", connect_args={"timeout": 15})
    waitress.serve(create_page(engine), host="127.0.0.1", port=int(sys.argv[2]), threads=THREADS)
