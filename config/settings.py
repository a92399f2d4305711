"""Settings: what may be set from outside, each with its unit and default."""

from pathlib import Path

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_home() -> Path:
    return Path(platformdirs.user_data_dir("duebridge", appauthor=False))


class Settings(BaseSettings):
    """Read from the environment, every name with the prefix `DUEBRIDGE_`."""

    model_config = SettingsConfigDict(env_prefix="DUEBRIDGE_", frozen=True)

    home: Path = Field(default_factory=_default_home)
    """Folder of the product's data: the embedded server, keys, exports."""

    database_url: str | None = Field(default=None, repr=False)
    """A PostgreSQL server of your own instead of the embedded one."""

    owner_database_url: str | None = Field(default=None, repr=False)
    """The role that owns the tables there, if `database_url` names the working one."""

    secret_keys: str | None = Field(default=None, repr=False)
    """Keys that seal credentials, as `id:base64,…`, the sealing one first, instead of
    the file `secrets.key` in `home`."""

    only_folders: bool = False
    """Whether mail servers that senders name are left alone: all goes into a folder."""

    today: str | None = None
    """The business day, as YYYY-MM-DD, instead of the machine's."""

    now: str | None = None
    """The instant, ISO 8601 with its zone, instead of the machine's."""
