"""The running server over HTTP and WebSocket: who is refused, signing in, headers, the terminal."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from pages.navigation import TABLE
from pages.server.lifespan import send_at_once
from tests.serving import PASSWORD, ROOT, Server, free_port, serve

OPEN_TO_ALL = {
    "/login",
    "/setup",
    "/invite",
    "/theme.js",
    "/healthz",
    "/sign_in.css",
    "/sign_in.woff2",
    "/mark.svg",
    "/watch.js",
}
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")
ROUTES_OF_THE_APP = """
import json
from app import app
built = app._build_starlette_app()
print(json.dumps([[type(r).__name__, r.path] for r in built.routes]))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("server")) as server:
        server.add("ada", "admin")
        server.add("ann", "annotator")
        yield server


@pytest.fixture(scope="module")
def routes() -> list[tuple[str, str]]:
    """Kind and path of every route of the app, asked of the app itself."""
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ROUTES_OF_THE_APP],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [(kind, path) for kind, path in json.loads(found.stdout.splitlines()[-1])]


def a_socket(server: Server, token: str = "", origin: str | None = None) -> ClientConnection:
    cookie = {"Cookie": f"{server.cookie}={token}"} if token else {}
    return connect(
        f"ws://127.0.0.1:{server.port}/_stcore/stream",
        origin=Origin(origin or server.url),
        subprotocols=[Subprotocol("streamlit")],
        additional_headers=cookie,
        proxy=None,
    )


def read_until_closed(socket: ClientConnection) -> None:
    while True:
        socket.recv(timeout=10)


# What is refused --------------------------------------------------------------------------------


def test_no_route_of_the_app_answers_without_signing_in(
    server: Server, routes: list[tuple[str, str]]
) -> None:
    paths = {
        re.sub(r"\{[^}]*\}", "x", path) or "/" for kind, path in routes if kind != "WebSocketRoute"
    }
    paths |= {f"/{entry.path}" for entry in TABLE}
    paths |= {"/static/js/index.js", "/favicon.png", "/nothing/here", "/login/", "/healthz/x"}
    assert {"/_stcore/upload_file/x/x", "/media/x", "/session", "/logout"} <= paths
    assert len(paths) > 30
    with server.client() as client:
        for path in sorted(paths - OPEN_TO_ALL):
            for method in METHODS:
                answer = client.request(method, path)
                assert answer.status_code == httpx.codes.UNAUTHORIZED, (method, path)
                assert len(answer.content) < 200, (method, path)


def test_an_answer_in_two_parts_does_not_wait_for_the_browser_to_confirm_the_first() -> None:
    with socket.socket() as bound:  # as Streamlit binds its own
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        send_at_once()
        with socket.create_connection(bound.getsockname()):
            accepted, _ = bound.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_cookie_that_is_no_session_is_no_session(server: Server) -> None:
    with server.client() as client:
        for value in ("x", "", "'; --", "0" * 5000):
            headers = {"cookie": f"{server.cookie}={value}"}
            answer = client.get("/_stcore/health", headers=headers)
            assert answer.status_code == httpx.codes.UNAUTHORIZED


def test_every_websocket_route_is_refused_without_signing_in(
    server: Server, routes: list[tuple[str, str]]
) -> None:
    sockets = [path for kind, path in routes if kind == "WebSocketRoute"]
    assert "/_stcore/stream" in sockets
    for path in [*sockets, "/", "/login", "/api/v1/commands/backup"]:
        with (
            pytest.raises(InvalidStatus) as refused,
            connect(f"ws://127.0.0.1:{server.port}{path}", proxy=None),
        ):
            pass
        assert refused.value.response.status_code == httpx.codes.FORBIDDEN


def test_a_websocket_from_another_site_is_refused_although_signed_in(server: Server) -> None:
    with server.signed_in("ann") as client:
        token = client.cookies[server.cookie]
    with a_socket(server, token):
        pass
    for origin in ("https://evil.example", "null", f"http://127.0.0.1:{server.port + 1}"):
        with pytest.raises(InvalidStatus), a_socket(server, token, origin):
            pass


def test_an_upload_needs_a_session_and_comes_from_this_site(server: Server) -> None:
    upload = "/_stcore/upload_file/some-session/some-file"
    with server.client() as client:
        assert client.put(upload, files={"file": b"x"}).status_code == httpx.codes.UNAUTHORIZED
    with server.signed_in("ann") as client:
        answer = client.put(
            upload, files={"file": b"x"}, headers={"origin": "https://evil.example"}
        )
        assert answer.status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize("path", ["/login", "/logout", "/setup", "/api/v1/commands/backup"])
def test_what_changes_something_is_refused_from_another_site(server: Server, path: str) -> None:
    with server.signed_in("ann") as client:
        for headers in (
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
        ):
            assert client.post(path, headers=headers).status_code == httpx.codes.FORBIDDEN
        assert client.get("/session").status_code == httpx.codes.OK


def test_a_browser_is_sent_to_sign_in_and_back(server: Server) -> None:
    with server.client() as client:
        answer = client.get("/annotate?a=1&b=ä", headers={"accept": "text/html"})
        assert answer.status_code == httpx.codes.SEE_OTHER
        login = answer.headers["location"]
        answer = client.post(
            login, data={"name": "ann", "password": PASSWORD}, headers={"origin": server.url}
        )
        assert answer.headers["location"] == "/annotate?a=1&b=%C3%A4"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example",
        "javascript:alert(1)", "\\\\evil.example", "evil", "/a\r\nSet-Cookie: x=1", "http:/x",
    ],
)  # fmt: skip
def test_signing_in_never_leads_to_another_site(server: Server, elsewhere: str) -> None:
    with server.client() as client:
        answer = client.post(
            "/login", data={"name": "ann", "password": PASSWORD, "next": elsewhere}
        )
        assert answer.status_code == httpx.codes.SEE_OTHER
        assert answer.headers["location"] == "/"


# Signing in and out -----------------------------------------------------------------------------


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(server: Server) -> None:
    with server.client() as client:
        answer = client.post("/login", data={"name": "ann", "password": PASSWORD})
    (cookie,) = answer.headers.get_list("set-cookie")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/", "max-age=1209600"} <= attributes


def test_behind_https_the_cookie_is_secure(server: Server) -> None:
    with server.client() as client:
        answer = client.post(
            "/login",
            data={"name": "ann", "password": PASSWORD},
            headers={"x-forwarded-proto": "https"},
        )
    assert "secure" in answer.headers["set-cookie"].lower()


def test_what_somebody_typed_comes_back_as_text(server: Server) -> None:
    with server.client() as client:
        answer = client.post(
            "/login?next=/%22%3E%3Cb%3E", data={"name": '"><script>x</script>', "password": "x"}
        )
    assert answer.status_code == httpx.codes.UNAUTHORIZED
    assert "<script" not in answer.text
    assert "<b>" not in answer.text
    assert 'role="alert"' in answer.text


def test_the_sixth_attempt_is_refused_with_the_right_password_too(server: Server) -> None:
    server.add("locked")
    with server.client() as client:
        answers = [
            client.post("/login", data={"name": "locked", "password": f"wrong {n}"})
            for n in range(5)
        ]
        last = client.post("/login", data={"name": "locked", "password": PASSWORD})
    assert {answer.status_code for answer in answers} == {httpx.codes.UNAUTHORIZED}
    assert last.status_code == httpx.codes.TOO_MANY_REQUESTS
    assert "Try again in 5 min" in last.text


def test_a_form_that_is_too_large_is_no_form(server: Server) -> None:
    with server.client() as client:
        answer = client.post("/login", data={"name": "ann", "password": "x" * 100_000})
        assert answer.status_code == httpx.codes.UNAUTHORIZED


def test_signing_out_ends_the_session_and_closes_its_sockets(server: Server) -> None:
    with server.signed_in("ann") as client:
        token = client.cookies[server.cookie]
        with a_socket(server, token) as socket:
            answer = client.post("/logout", headers={"origin": server.url})
            assert answer.headers["location"] == "/login"
            with pytest.raises(ConnectionClosed):
                read_until_closed(socket)
        headers = {"cookie": f"{server.cookie}={token}"}
        assert client.get("/session", headers=headers).status_code == httpx.codes.UNAUTHORIZED
        with pytest.raises(InvalidStatus), a_socket(server, token):
            pass


def test_a_restart_keeps_people_signed_in(tmp_path: Path) -> None:
    port = free_port()
    with serve(tmp_path, port) as server:
        server.add("ada", "admin")
        with server.signed_in("ada") as client:
            token = client.cookies[server.cookie]
    with serve(tmp_path, port) as server, server.client() as client:
        headers = {"cookie": f"{server.cookie}={token}"}
        assert client.get("/session", headers=headers).status_code == httpx.codes.OK


def test_the_first_admin_comes_in_through_the_printed_link(tmp_path: Path) -> None:
    with serve(tmp_path, first_start=True) as server, server.client() as client:
        link = urlsplit(server.setup_link())
        form = {
            "token": link.query.removeprefix("token="),
            "name": "Ada",
            "password": PASSWORD,
            "again": PASSWORD,
        }
        assert "Nobody can sign in yet" in client.get("/login").text
        assert client.post("/setup", data={**form, "again": "x"}).status_code == 400
        assert client.get("/setup?token=wrong").status_code == httpx.codes.FORBIDDEN
        with ThreadPoolExecutor(3) as pool:
            sent = pool.map(lambda n: client.post("/setup", data={**form, "name": n}), "ABC")
            codes = sorted(answer.status_code for answer in sent)
        assert codes == [303, 403, 403] or codes == [303, 400, 403] or codes == [303, 400, 400]
        assert client.get("/session").status_code == httpx.codes.OK
        assert "used or replaced" in client.get(server.setup_link()).text


# Headers ----------------------------------------------------------------------------------------


def test_every_answer_carries_the_security_headers(server: Server) -> None:
    with server.signed_in("ann") as client:
        asked = ["/", "/login", "/healthz", "/_stcore/health", "/sign_in.css", "/nothing", "/setup"]
        answers = [client.get(path) for path in asked]
    with server.client() as client:
        answers += [client.get("/"), client.post("/api/v1/commands/backup"), client.get("/login")]
    for answer in answers:
        headers = answer.headers
        policy = dict(
            part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
        )
        assert policy["frame-ancestors"] == "'none'", answer.url
        assert policy["default-src"] == "'none'"
        assert "unsafe" not in policy.get("script-src", "")
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
