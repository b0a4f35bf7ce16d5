"""Row numbers in addresses: routes say ``<row(kind='person'):person_id>`` and see the row's number only."""

from flask import Flask
from werkzeug.routing import BaseConverter, ValidationError

from skilleval.services.public_ids import PublicIds


def install(app: Flask, ids: PublicIds) -> None:
    """Let addresses say ``<row:person>``; ``url_for`` takes the row's number and hides it."""
    app.extensions["skilleval.ids"] = ids

    class RowConverter(BaseConverter):
        regex = "[0-9a-f]{32}"

        def __init__(self, url_map: object, kind: str) -> None:
            super().__init__(url_map)  # type: ignore[arg-type] # werkzeug's map, which it passes itself
            self.kind = kind

        def to_python(self, value: str) -> int:
            found = ids.find(self.kind, value)
            if found is None:
                raise ValidationError
            return found

        def to_url(self, value: int) -> str:
            return ids.hide(self.kind, value)

    app.url_map.converters["row"] = RowConverter
