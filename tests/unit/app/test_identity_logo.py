"""An identity's logo is looked at when its file is read, not when a message goes."""

from pathlib import Path

import pytest

from app.cli.identity import EXAMPLE, read_identity
from ledger.errors import RequestError
from tests.unit.outsourced_ar.test_pictures import A_JPEG, a_png


def an_identity(folder: Path, name: str, logo: bytes) -> Path:
    """Write the example's identity with a logo beside it."""
    (folder / name).write_bytes(logo)
    file = folder / "identity.toml"
    file.write_text(EXAMPLE.replace('# logo = "logo.png"', f'logo = "{name}"'), "utf-8")
    return file


@pytest.mark.parametrize("logo", [a_png(), A_JPEG])
def test_a_logo_is_taken(tmp_path: Path, logo: bytes) -> None:
    """A PNG and a JPEG are read whole, whatever their file is called."""
    assert read_identity(an_identity(tmp_path, "logo.bin", logo)).logo == logo


@pytest.mark.parametrize(
    "logo", [b"<svg/>", a_png()[:-20], b"", a_png(2_001, 1), a_png() + bytes(200_000)]
)
def test_a_logo_is_refused(tmp_path: Path, logo: bytes) -> None:
    """What mail programs could not draw is refused, with what would do."""
    with pytest.raises(RequestError, match="PNG or JPEG") as caught:
        read_identity(an_identity(tmp_path, "logo.svg", logo))
    assert "vector" in caught.value.remedy
