"""One attempt to tell an endpoint an event: CloudEvents over HTTP, signed by Standard Webhooks. The answer is a value.

Whatever an endpoint does costs at most the time of an attempt: it is followed nowhere, its answer's status decides, and of its
body a few KiB are read so that the connection can be used again. Nothing comes from the environment, neither proxy nor password.
"""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import datetime

import httpcore2
import httpx2
from cloudevents.core.bindings.http import HTTPMessage, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from connectors.outbound.checked import AddressRefused, CheckedTransport, LookedUp, NoAddress, Resolve
from hub.core import answers
from hub.core.answers import Answer, answer_to
from hub.core.networks import Network, is_opened, may_be_called
from hub.core.signing import signing_headers
from hub.ports import Mode, Target, Told

ATTEMPT_SECONDS = 15.0
LARGEST_BODY = 4 * 1024
"""Bytes of an answer's body that are read at the most; what they say is not looked at."""
_DRAIN_SECONDS = 1.0
_AGENT = {"user-agent": "employer-situation-hub", "accept-encoding": "identity"}
_WRITERS = {"structured": to_structured, "binary": to_binary}


class Webhook:
    """The sender. `opened` are networks that are called though they are not public, by http too; close it at the end."""

    def __init__(
        self,
        opened: Sequence[Network] = (),
        seconds: float = ATTEMPT_SECONDS,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self._seconds = seconds
        look_up, context = resolve or LookedUp(), tls or httpx2.create_ssl_context(trust_env=False)
        public = CheckedTransport(look_up, lambda address: may_be_called(address, opened), context)
        plain = CheckedTransport(look_up, lambda address: is_opened(address, opened), context)
        self._client = httpx2.AsyncClient(
            transport=public, mounts={"http://": plain}, trust_env=False, follow_redirects=False, timeout=None, headers=_AGENT
        )

    async def attempt(self, target: Target, told: Told, at: datetime) -> Answer:
        """Tell it, at that moment; what came of it. Never raises for anything that the endpoint does."""
        message = call(told, target.mode)
        headers = message.headers | signing_headers(target.secrets, told.attributes["id"], at, message.body)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._post(target.url, headers | _marks(told), message.body, at)
        except TimeoutError:
            return answers.NO_ANSWER
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpcore2.UnsupportedProtocol, UnicodeError):
            return answers.WRONG_URL
        except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, ssl.SSLError, OSError) as error:
            return _failure(error)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _post(self, url: str, headers: dict[str, str], body: bytes, at: datetime) -> Answer:
        request = self._client.build_request("POST", url, headers=headers, content=body)
        response = await self._client.send(request, stream=True)
        try:
            await _drain(response)
        finally:
            await response.aclose()
        return answer_to(response.status_code, response.headers.get("retry-after"), at)


def _marks(told: Told) -> dict[str, str]:
    """What the hub itself says of the attempt: which it is, and of which replay."""
    replay = told.attributes.get("replay")
    return {"hub-attempt": str(told.attempt)} | ({} if replay is None else {"hub-replay": replay})


def call(told: Told, mode: Mode) -> HTTPMessage:
    """The event as an HTTP request, structured (all in the body) or binary (attributes in headers)."""
    attributes = told.attributes | {"time": datetime.fromisoformat(told.attributes["time"])}
    return _WRITERS[mode](CloudEvent(attributes, told.data), JSONFormat())


async def _drain(response: httpx2.Response) -> None:
    """A short body is read to its end, so that the connection stays; a long, slow or broken one costs us the connection only."""
    read = 0
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for part in response.aiter_raw():
                read += len(part)
                if read > LARGEST_BODY:
                    return
    except (TimeoutError, httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError):
        return


def _failure(error: Exception) -> Answer:
    if isinstance(error, AddressRefused):
        return answers.WRONG_ADDRESS
    if isinstance(error, NoAddress):
        return answers.NO_NAME
    if _is_tls(error):
        return answers.BROKEN_TLS
    return answers.NO_HTTP if isinstance(error, httpcore2.ProtocolError) else answers.NO_CONNECTION


def _is_tls(error: BaseException | None) -> bool:
    """Also where the failure of TLS stands behind the one of the connection."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError | ssl.CertificateError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
