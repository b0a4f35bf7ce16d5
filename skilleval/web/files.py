"""Files that a page hands out: saved by the browser, never shown in it, and never read from an address."""

import io

from flask import Response, send_file

PDF = "application/pdf"
ZIP = "application/zip"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(content: bytes, name: str, kind: str) -> Response:
    """A file to be saved under a name of ours, which may be Chinese: headers hold ASCII only, so it is spelled for them."""
    return send_file(io.BytesIO(content), mimetype=kind, as_attachment=True, download_name=name)
