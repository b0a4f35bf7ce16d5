"""The enrolment workbook of a batch, blank or with those filled in who work in its occupation."""

from pathlib import Path

from sqlmodel import Session

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch
from skilleval.packs import Library
from skilleval.services.candidacy import conditions_of
from skilleval.services.candidate_sheets import COLUMNS, TEMPLATE_ID
from skilleval.services.candidates import may_apply
from skilleval.sheets.writing import FormSheet, write_form


def write_enrolment_form(
    session: Session, batch: Batch, out: Path, library: Library, *, vault: Vault | None = None
) -> int:
    """Write the workbook, and return how many people stand in it: none, unless a ``vault`` opens their whole numbers."""
    known, _related = conditions_of(session, batch, library)
    rows = [
        {
            "name": one.name,
            "id_number": vault.open(one.institution_id, one.id_sealed),
            **({} if firm.id == batch.institution_id else {"employer": firm.name, "employer_code": firm.credit_code}),
            "employee_no": one.employee_no,
        }
        for one, firm in may_apply(session, batch)
    ] if vault is not None else []  # fmt: skip
    told = "删去不报名的人，为报名的人填写申报等级" if rows else "每人一行，填写姓名、证件号码和申报等级"
    notes = [
        f"批次 {batch.number} {batch.name}。{told}；申报条件可不填。",
        "本表含完整证件号码，请妥善保管。申报条件编号：",
        *(f"{one.clause.id}（{one.grade.printed}）：{one.clause.text}" for one in known if one.grade.value in batch.grades),
    ]
    write_form(out, [FormSheet("报名表", COLUMNS, rows, example=not rows)], TEMPLATE_ID, notes)
    return len(rows)
