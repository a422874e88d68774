"""Types of request fields: strict, bounded, and described as they are checked.

Where pydantic would try several types in turn, a function here describes the error in one sentence.
Pydantic's message would contain the names of its functions and their memory addresses.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from kb.catalog.cursors import CURSOR

MOST_TEXTS = 2048
"""Most texts of one request; OpenAI's limit."""

NO_TOKENS = (
    "they are those of another model's tokenizer, so send the texts themselves (in LangChain: "
    "`OpenAIEmbeddings(…, check_embedding_ctx_length=False)`)"
)
"""Advice for clients that send token numbers, which some clients of OpenAI do by default."""

_NO_TEXT = "no text; send the text itself"

# Limits of SQLite's integers, rounded to floats because FastAPI describes bounds as floats.
_LEAST_INTEGER, MOST_INTEGER = -(2**63), 2**63 - 1024
_MOST_COLLECTIONS = 100
_MOST_CHARACTERS = 1000

# Patterns that JSON Schema reads in the same way.
_DAY = re.compile("^([0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?)?$")
_PAIR = re.compile(r"^[^=]{1,1000}=[\s\S]{0,1000}$")
_PAGES = re.compile("^([0-9]{1,8}(-[0-9]{0,8})?|-[0-9]{1,8})?$")


def whole(text: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Refuse lone surrogates, which JSON can contain but UTF-8 cannot."""
    if isinstance(text, str) and not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            msg = f"half of a surrogate pair at character {error.start}; send valid Unicode"
            raise ValueError(msg) from None
    return text


def _texts(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Turn a single text into a list; describe other values in one sentence."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        msg = "a text or a list of texts is needed"
        raise ValueError(msg)  # noqa: TRY004 - pydantic reports ValueError only
    if not value:
        msg = "the list of texts is empty"
        raise ValueError(msg)
    if len(value) > MOST_TEXTS:
        msg = f"{len(value)} texts are more than one batch may have, at most {MOST_TEXTS} texts"
        raise ValueError(msg)
    for index, text in enumerate(value):
        if not isinstance(text, str):
            numbers = isinstance(text, int | list) and not isinstance(text, bool)
            wrong = f"token numbers, which are not taken; {NO_TOKENS}" if numbers else _NO_TEXT
            msg = f"input {index} of {len(value)} is {wrong}"
            raise ValueError(msg)  # noqa: TRY004 - as above
    return value


def text_or_texts(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Check texts as :func:`_texts` does, but return a single text unchanged."""
    for text in _texts(value):
        whole(text)
    return value


def _names(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Turn a single name into a list."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        msg = "a name or a list of names is needed"
        raise ValueError(msg)  # noqa: TRY004 - as above
    return value


def _integer(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Accept 3.0 as 3, because JSON does not distinguish them."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _metadata_value(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Return a value that metadata of documents may have."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if len(value) > _MOST_CHARACTERS:
            msg = f"a text of at most {_MOST_CHARACTERS} characters is needed"
            raise ValueError(msg)
        return whole(value)
    if isinstance(value, int | float) and _LEAST_INTEGER <= value <= MOST_INTEGER:
        return value
    if isinstance(value, int | float):
        msg = f"a number from {_LEAST_INTEGER} to {MOST_INTEGER} is needed"
        raise ValueError(msg)  # noqa: TRY004 - as above
    msg = "text, a number, true or false is needed"
    raise ValueError(msg)


def _day(text: str) -> str:
    """Check the form of a date; a later step checks that the day exists."""
    if not _DAY.fullmatch(text):
        msg = f"{text[:40]!r} is not a date; write 2024, 2024-05 or 2024-05-01"
        raise ValueError(msg)
    return text


def _pages(text: str) -> str:
    """Check the form of a range of pages, whose numbers SQLite must be able to compare."""
    if not _PAGES.fullmatch(text):
        msg = f"{text[:40]!r} is not a range of pages; write 3, 3-7, 3- or -7"
        raise ValueError(msg)
    return text


def _pair(text: str) -> str:
    """Check the form of a key and a value."""
    if not _PAIR.fullmatch(text):
        msg = f"{text[:40]!r} is not KEY=VALUE; write for example author=Li"
        raise ValueError(msg)
    return text


def _cursor(text: str) -> str:
    """Check the form of the cursor of a page of documents."""
    if not CURSOR.fullmatch(text):
        msg = f"{text[:40]!r} is not a cursor; send the `next` of the previous page"
        raise ValueError(msg)
    return text


def _digits(value: Any) -> Any:  # noqa: ANN401 - of a query string, or the default
    """Parse a whole number of digits in a query string."""
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit() and len(value) <= len(str(MOST_INTEGER))):
            msg = "a whole number is needed, in digits alone"
            raise ValueError(msg)
        return int(value)
    return value


# Bounds stand before these validators, next to the type: after a function pydantic describes them
# wrongly.
VALID = BeforeValidator(whole)
INTEGER = BeforeValidator(_integer)
DIGITS = BeforeValidator(_digits)

LongInputs = Literal["windows", "refuse"]
"""How to treat texts that are too long for the model."""

Text = Annotated[str, VALID]
Words = Annotated[str, Field(max_length=_MOST_CHARACTERS), VALID]
Instruction = Annotated[str, Field(max_length=2000), VALID]
CollectionName = Annotated[str, Field(min_length=1, max_length=200), VALID]
Integer = Annotated[int, Field(ge=_LEAST_INTEGER, le=MOST_INTEGER), INTEGER]

Texts = Annotated[
    list[Text],
    BeforeValidator(
        _texts,
        json_schema_input_type=str
        | Annotated[list[str], Field(min_length=1, max_length=MOST_TEXTS)],
    ),
]
TextOrTexts = Annotated[
    Any,
    BeforeValidator(text_or_texts),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "array",
                    "items": {"type": "string"},
                    "minItems": 1,
                    "maxItems": MOST_TEXTS,
                },
            ]
        }
    ),
]
CollectionNames = Annotated[
    list[CollectionName],
    Field(max_length=_MOST_COLLECTIONS),
    BeforeValidator(
        _names,
        json_schema_input_type=Annotated[str, Field(min_length=1, max_length=200)]
        | Annotated[
            list[Annotated[str, Field(min_length=1, max_length=200)]],
            Field(max_length=_MOST_COLLECTIONS),
        ],
    ),
]
MetadataItem = Annotated[
    Any,
    BeforeValidator(_metadata_value),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": _MOST_CHARACTERS},
                {"type": "boolean"},
                {"type": "number", "minimum": _LEAST_INTEGER, "maximum": MOST_INTEGER},
            ]
        }
    ),
]
MetadataPair = Annotated[
    str,
    AfterValidator(_pair),
    VALID,
    WithJsonSchema({"type": "string", "pattern": _PAIR.pattern}),
]
Day = Annotated[
    str,
    AfterValidator(_day),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": _DAY.pattern,
            "description": "An existing year, month or day: 2024, 2024-05 or 2024-05-01.",
        }
    ),
]
Pages = Annotated[
    str,
    AfterValidator(_pages),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": _PAGES.pattern,
            "description": "A page, or a range in rising order: 3, 3-7, 3-, -7.",
        }
    ),
]
PageCursor = Annotated[
    str,
    AfterValidator(_cursor),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": CURSOR.pattern,
            "description": "The `next` of the previous page.",
        }
    ),
]
