"""The wire log: what a person needs, and no secret."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.faults import UnreachableError
from connectors.trace import Trace
from ledger.secret import Secret
from tests.seams import BASE, Server, Tokens, a_seam, an_answer

HIDE = "s3cr3t"


def lines(path: Path) -> list[dict[str, Any]]:
    """Return what was written."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_what_is_secret_is_taken_out(tmp_path: Path) -> None:
    """Headers, parameters, forms, JSON and echoes are shown without their secrets."""
    path = tmp_path / "wire.jsonl"
    answer = httpx.Response(
        200,
        content=(
            f'{{"access_token": "{HIDE}1", "refresh_token": "{HIDE}2", "due": 10.10,'
            f' "tokens": ["{HIDE}3"], "id": 12345678901234567890,'
            f' "note": "was {HIDE}-bearer", "nested": {{"sessionId": "{HIDE}4"}}}}'
        ).encode(),
        headers={"content-type": "application/json", "set-cookie": f"sid={HIDE}5"},
    )
    seam = a_seam(
        Server([answer]), authenticator=Tokens([f"{HIDE}-bearer"]), trace=Trace(path)
    )

    seam.call(
        "POST",
        "token",
        params={"code": f"{HIDE}6", "state": f"{HIDE}7", "page": 1},
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"a={HIDE}8",
            "X-Api-Key": f"{HIDE}9",
        },
        content=f"client_secret={HIDE}10&code={HIDE}11&grant_type=x".encode(),
        idempotent=True,
    )

    assert HIDE not in path.read_text(encoding="utf-8")
    (line,) = lines(path)
    assert line["method"] == "POST"
    assert line["url"].startswith(f"{BASE}/token?code=")
    assert "page=1" in line["url"]
    assert line["status"] == 200
    assert line["took_ms"] >= 0
    assert "grant_type=x" in line["body"]
    assert '"due": 10.10' in line["answer_body"]
    assert '"id": 12345678901234567890' in line["answer_body"]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "body",
    [
        f"<login><sessionId>{HIDE}</sessionId><due>10.10</due></login>",
        f'{{"due": 10.10, "access_token": "{HIDE}", "cut',
        f"due=10.10; Authorization was Bearer {HIDE}",
        f"10.10 access_token={HIDE}&x",
    ],
)
def test_other_bodies_are_redacted_by_their_look(tmp_path: Path, body: str) -> None:
    """XML, half a JSON and plain text lose what looks like a secret."""
    path = tmp_path / "wire.jsonl"
    server = Server([httpx.Response(200, text=body)])

    a_seam(server, trace=Trace(path)).call(
        "GET", "x", headers={"accept": "text/plain"}, idempotent=True
    )

    (line,) = lines(path)
    assert HIDE not in line["answer_body"]
    assert "10.10" in line["answer_body"]


def test_each_try_is_written(tmp_path: Path) -> None:
    """A call that failed stands there too, with what went wrong."""
    path = tmp_path / "wire.jsonl"
    server = Server([httpx.ConnectError("refused")])

    with pytest.raises(UnreachableError):
        a_seam(server, trace=Trace(path)).call("GET", "x", idempotent=True)

    assert len(lines(path)) == 5
    assert "could not be reached" in lines(path)[0]["outcome"]
    assert lines(path)[0]["status"] is None


def test_a_redirect_s_address_is_redacted(tmp_path: Path) -> None:
    """The address a redirect leads to is shown without its code."""
    path = tmp_path / "wire.jsonl"
    moved = httpx.Response(302, headers={"location": f"/y?code={HIDE}&page=2"})

    a_seam(Server([moved, an_answer({})]), trace=Trace(path)).call(
        "GET", "x", idempotent=True
    )

    assert HIDE not in path.read_text(encoding="utf-8")
    assert "page=2" in lines(path)[0]["answer_headers"]["location"]


def test_a_secret_hides_itself() -> None:
    """However it is shown, a secret shows a placeholder; it equals its like."""
    secret = Secret(HIDE)

    assert HIDE not in f"{secret}{secret!r}{secret:>40}{[secret]}"
    assert secret == Secret(HIDE)
    assert secret != Secret("other")
    assert secret.reveal() == HIDE
    with pytest.raises(TypeError, match="hidden"):
        json.dumps(secret.__reduce__())
