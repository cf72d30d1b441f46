"""The OpenAPI document as HTML. Made here, since Swagger UI would come from somebody else's server."""

import json
from html import escape
from typing import Any

from api.html import block, code, link, table

_HINT = (
    "<p>Send your key as {header}. Times are RFC 3339 with an offset, codes are texts with their zeros. "
    "The machine-readable document is {document}; the errors are explained at {problems}.</p>"
)


def operations_html(document: dict[str, Any], root: str) -> str:
    """Every operation with its parameters, an example of each body, and its answers."""
    listed = [
        (method.upper(), path, operation) for path, methods in document["paths"].items() for method, operation in methods.items()
    ]
    rows = [(code(f"{method} {path}"), link(f"#{told['operationId']}", told["summary"])) for method, path, told in listed]
    hint = _HINT.format(
        header=code("Authorization: Bearer <key>"),
        document=link(f"{root}/openapi.json", "/openapi.json"),
        problems=link(f"{root}/problems", "/problems"),
    )
    return hint + table(("operation", "what"), rows) + "".join(_operation(*entry) for entry in listed)


def _operation(method: str, path: str, told: dict[str, Any]) -> str:
    return (
        f'<section id="{escape(told["operationId"])}"><h2>{escape(told["summary"])}</h2>'
        f'<p><span class="method">{method}</span> {code(path)}</p>{_text(told.get("description", ""))}'
        f"{_parameters(told.get('parameters', []))}{_bodies(told.get('requestBody', {}))}{_answers(told['responses'])}</section>"
    )


def _text(description: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in description.split("\n\n") if part)


def _parameters(given: list[dict[str, Any]]) -> str:
    rows = [(code(one["name"]), _where(one), _limits(one), escape(one.get("description", ""))) for one in given]
    return table(("parameter", "where", "form", "what"), rows) if rows else ""


def _where(parameter: dict[str, Any]) -> str:
    return escape(parameter["in"] + (", required" if parameter.get("required") else ""))


def _limits(parameter: dict[str, Any]) -> str:
    form = parameter["schema"]
    shown = {name: form[name] for name in ("type", "enum", "pattern", "format", "minimum", "maximum", "default") if name in form}
    return code(", ".join(f"{name} {value}" for name, value in shown.items())) if shown else ""


def _bodies(body: dict[str, Any]) -> str:
    parts = []
    for media, content in body.get("content", {}).items():
        named = content.get("examples") or {"": {"summary": "Example", "value": content["example"]}}
        parts += [f"<h3>{escape(one['summary'])} ({escape(media)})</h3>{_example(one['value'])}" for one in named.values()]
    return "".join(parts)


def _example(value: Any) -> str:
    return block(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2))


def _answers(answers: dict[str, Any]) -> str:
    rows = [(code(status), escape(one["description"]), _media(one)) for status, one in answers.items()]
    return table(("status", "what", "type"), rows)


def _media(answer: dict[str, Any]) -> str:
    return ", ".join(code(media) for media in answer.get("content", {}))
