"""Plain HTML pages: no scripts, no files from elsewhere, one style whose hash stands in the Content-Security-Policy."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from fastapi import Request
from fastapi.responses import HTMLResponse

_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.45 ui-monospace,monospace}
pre{overflow:auto;padding:.75rem;border:1px solid #8886;border-radius:4px}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8886}
section{margin:2.5rem 0}
.method{font-weight:700}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

FORMS = POLICY.replace("form-action 'none'", "form-action 'self'")


def wants_html(request: Request) -> bool:
    """Whether the caller is a browser; everybody else is answered in JSON."""
    return "text/html" in request.headers.get("accept", "")


def page(title: str, body: str, *, forms: bool = False) -> HTMLResponse:
    """A whole page. `body` is HTML already; `forms`: a form in it may be sent to the page's own address."""
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )
    return HTMLResponse(text, headers={"Content-Security-Policy": FORMS if forms else POLICY, "Vary": "Accept"})


def link(address: str, text: str | None = None) -> str:
    """A link within this API."""
    return f'<a href="{escape(address)}">{escape(text or address)}</a>'


def button(text: str) -> str:
    """A button that sends a POST to the page's own address."""
    return f'<form method="post"><button>{escape(text)}</button></form>'


def code(text: str) -> str:
    """Something to be typed or read as it stands."""
    return f"<code>{escape(text)}</code>"


def block(text: str) -> str:
    """Several lines as they stand."""
    return f"<pre>{escape(text)}</pre>"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table; the cells are HTML already."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{lines}</table>"
