"""Sources of settings: arguments, then ``KB_…`` variables, then ``kb.toml``, then defaults."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from kb.config_file import SECRETS
from kb.errors import SettingsError
from kb.keys import secret_of
from kb.redaction import redacted

CONFIG_FILE = "kb.toml"


class LayeredSettings(BaseSettings):
    """Settings read in layers and shown without passwords; unknown keys are errors."""

    model_config = SettingsConfigDict(
        env_prefix="KB_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        protected_namespaces=(),
    )

    def __repr_args__(self) -> Any:  # noqa: ANN401 - pydantic's hook and type
        """Hide the passwords of addresses wherever settings are printed."""
        for name, value in super().__repr_args__():
            yield name, redacted(value) if isinstance(value, str) else value

    def shown(self, name: str) -> str:
        """Return a setting's value without secrets; empty for None."""
        value = getattr(self, name)
        return "" if value is None else redacted(str(value))

    @classmethod
    def load(cls, **arguments: Any) -> Self:  # noqa: ANN401 - checked by pydantic
        """Read the settings; an argument that is None counts as not given.

        Raises:
            SettingsError: a key is unknown or a value is out of bounds. The message names its
                source.
        """
        given = {key: value for key, value in arguments.items() if value is not None}
        try:
            return cls(**given)
        except ValidationError as error:
            lines = [f"{_place(item['loc'])}: {item['msg']}" for item in error.errors()]
            msg = "settings are wrong (arguments, KB_… variables or kb.toml): " + "; ".join(lines)
            raise SettingsError(msg) from error
        except (OSError, ValueError) as error:
            msg = f"{config_path()} cannot be read: {error}; mend it or remove it"
            raise SettingsError(msg) from error

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - upstream's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Rank arguments above the environment, and the environment above ``kb.toml``."""
        return (
            init_settings,
            env_settings,
            _FromFiles(settings_cls),
            TomlConfigSettingsSource(settings_cls, toml_file=config_path()),
        )


class _FromFiles(PydanticBaseSettingsSource):
    """Secrets from files, as containers get them: ``KB_UI_PASSWORD_HASH_FILE`` names such a file.

    API keys are not settings; ``kb.keys`` reads them.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the value of one field; None if no file holds it."""
        del field
        value = secret_of(f"KB_{field_name.upper()}") if field_name in SECRETS else ""
        return value or None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the fields that are read from files."""
        found = {name: secret_of(f"KB_{name.upper()}") for name in SECRETS}
        return {name: value for name, value in found.items() if value}


def config_path() -> Path:
    """Return the path of the settings file: ``KB_CONFIG``, or ``kb.toml`` in the working folder."""
    return Path(os.environ.get("KB_CONFIG", CONFIG_FILE))


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "settings"
