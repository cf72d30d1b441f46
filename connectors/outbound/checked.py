"""HTTP connections to addresses that were looked at first: resolve, judge each address, connect to that very one.

TLS still checks the name of the URL. No name is looked up a second time between the judgement and the connection.
"""

import asyncio
import socket
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import httpcore2
import httpx2

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""A name and a port to addresses. OSError where it has none."""
May = Callable[[str], bool]
"""Whether an address may be connected to."""

_LOOKING_UP = 32
_MOST_TRIED = 4
CONNECT_WITHIN = 5.0
"""Seconds for one address."""
IDLE_SECONDS = 30.0
"""After which a connection that was not used is not used again."""


class AddressRefused(httpcore2.ConnectError):
    """The name has an address that may not be called."""


class NoAddress(httpcore2.ConnectError):
    """The name has no address."""


class LookedUp:
    """The system's resolver, in threads of its own: a name server that hangs keeps nothing but look-ups waiting."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKING_UP, "names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses in the order in which they are to be tried."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _Checked(httpcore2.AsyncNetworkBackend):
    """Connects to none of a name's addresses unless all of them may be called."""

    def __init__(self, resolve: Resolve, may: May) -> None:
        self._resolve = resolve
        self._may = may
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore2 has it
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """The first of its addresses that answers."""
        failed: Exception = NoAddress("no address")
        for address in (await self._addresses(host, port))[:_MOST_TRIED]:
            try:
                return await self._network.connect_tcp(address, port, CONNECT_WITHIN, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise NoAddress("no address") from error
        if not all(self._may(address) for address in found):
            raise AddressRefused("an address that may not be called")
        return found


class CheckedTransport(httpx2.AsyncBaseTransport):
    """httpx2's transport over pools that connect by `may`; httpx2's own one takes no network of ours.

    Each host and port has a pool of its own: a pool looks at all its connections at each request, and so with one for all each
    endpoint would cost every other one.
    """

    def __init__(self, resolve: Resolve, may: May, tls: ssl.SSLContext, most_pools: int = 1_000) -> None:
        self._network = _Checked(resolve, may)
        self._tls = tls
        self._most = most_pools
        self._pools: OrderedDict[tuple[bytes, int | None], httpcore2.AsyncConnectionPool] = OrderedDict()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """One request, one answer; errors are those of httpcore2."""
        url = request.url
        pool = self._pool_for((url.raw_host, url.port))
        await self._close_what_is_over()
        answer = await pool.handle_async_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=cast("AsyncIterator[bytes]", request.stream),
                extensions=request.extensions,
            )
        )
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    async def aclose(self) -> None:
        """Close all connections."""
        while self._pools:
            await self._pools.popitem()[1].aclose()

    def _pool_for(self, place: tuple[bytes, int | None]) -> httpcore2.AsyncConnectionPool:
        """The pool of that host and port, which counts as the last one used."""
        pool = self._pools.pop(place, None) or httpcore2.AsyncConnectionPool(
            ssl_context=self._tls,
            max_connections=None,  # who calls bounds them, for each endpoint
            keepalive_expiry=IDLE_SECONDS,
            network_backend=self._network,
        )
        self._pools[place] = pool
        return pool

    async def _close_what_is_over(self) -> None:
        """Those that were not used for longest go, but for any that is being used."""
        if len(self._pools) <= self._most:
            return
        unused = [place for place, pool in self._pools.items() if all(connection.is_idle() for connection in pool.connections)]
        for place in unused[: len(self._pools) - self._most]:
            await self._pools.pop(place).aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._answer.aclose()
