"""Pages for people: the index, the problems that the API may answer, and the operations."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response

from api.errors import Kind, every_kind
from api.html import block, code, link, page, table, wants_html
from api.operations import operations_html
from schemas.errors import Unknown

router = APIRouter(include_in_schema=False)
TITLE = "Employer-situation hub"
WHAT = (
    "Public agencies that help employers tell each other here about employers that recruit, downsize or develop. "
    "Send a notice, see what became of it, read what concerns your agency."
)
_ADDRESSES = {
    "/docs": "every operation, with examples",
    "/openapi.json": "the same as an OpenAPI 3.1 document",
    "/asyncapi.json": "what the topics carry, as an AsyncAPI 3 document",
    "/problems": "every error that may be answered, and what to do",
    "/v1/notices": "send a notice (POST), search (GET)",
    "/v1/outbox": "what concerns your agency, as a feed",
    "/v1/outbox/stream": "the same as it comes, as server-sent events",
    "/v1/endpoints": "your webhooks: add one (POST), list (GET)",
    "/v1/mailboxes": "addresses that are told by mail: register one (POST), list (GET)",
    "/v1/refused": "your notices that were refused",
    "/livez": "whether the process lives",
    "/readyz": "whether requests can be served",
}
_FIRST = """curl -X POST {root}/v1/notices \\
  -H 'Authorization: Bearer <your key>' -H 'Content-Type: application/json' \\
  --data @notice.json"""


@router.get("/")
def index(request: Request) -> Response:
    """What this API is, and where its documents are."""
    root = _root(request)
    if not wants_html(request):
        return JSONResponse({"name": TITLE, "what": WHAT, "addresses": {root + at: said for at, said in _ADDRESSES.items()}})
    rows = [(link(root + at, at), said) for at, said in _ADDRESSES.items()]
    return page(TITLE, f"<p>{WHAT}</p>{table(('address', 'what'), rows)}<h2>A first notice</h2>{block(_FIRST.format(root=root))}")


@router.get("/problems")
def list_problems(request: Request) -> Response:
    """Every kind of problem."""
    kinds = sorted(every_kind().values(), key=lambda kind: (kind.status, kind.code))
    root = _root(request)
    if not wants_html(request):
        return JSONResponse({"problems": [_told(root, kind) for kind in kinds]})
    rows = [(str(kind.status), link(f"{root}/problems/{kind.code}", kind.code), kind.title) for kind in kinds]
    return page("Problems", table(("status", "code", "title"), rows))


@router.get("/problems/{code}")
def show_problem(request: Request, name: Annotated[str, Path(alias="code")]) -> Response:
    """One kind of problem: what it means and what to do."""
    kind = every_kind().get(name)
    if kind is None:
        raise Unknown("there is no such problem: the known ones stand in /problems")
    root = _root(request)
    if not wants_html(request):
        return JSONResponse(_told(root, kind))
    again = "The same request may succeed later." if kind.wait else "The same request will meet the same answer."
    body = f"<p>{code(kind.code)}, status {kind.status}</p><p>{kind.advice}</p><p>{again}</p>"
    return page(kind.title, body + f"<p>{link(root + '/problems', 'All problems')}</p>")


@router.get("/docs")
def docs(request: Request) -> Response:
    """The operations as a page, made from the OpenAPI document."""
    document: dict[str, Any] = request.app.openapi()
    return page(f"{TITLE}: operations", operations_html(document, _root(request)))


@router.get("/asyncapi.json")
def topics(request: Request) -> JSONResponse:
    """What the topics carry, by the names that they have on the broker."""
    return JSONResponse(request.app.state.asyncapi())


def _root(request: Request) -> str:
    root = request.scope.get("root_path", "")
    return root if isinstance(root, str) else ""


def _told(root: str, kind: Kind) -> dict[str, Any]:
    return {
        "type": f"{root}/problems/{kind.code}",
        "code": kind.code,
        "status": kind.status,
        "title": kind.title,
        "advice": kind.advice,
        "retry": kind.wait is not None,
    }
