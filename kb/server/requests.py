"""What clients may send: strictly typed, bounded, nothing unknown."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from kb.records import Highlighting, SearchMode
from kb.search.filters import SearchFilter, filter_from_text

MOST_TEXTS = 2048
"""Texts of one request, OpenAI's bound."""

_LEAST_INTEGER, _MOST_INTEGER = -(2**63), 2**63 - 1  # what SQLite compares with


def _texts(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Make a list of one text, and say in one sentence what else was sent."""
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
            wrong = "token numbers, which are not taken" if numbers else "no text"
            msg = f"input {index} of {len(value)} is {wrong}; send the text itself"
            raise ValueError(msg)  # noqa: TRY004 - as above
    return value


def _whole(text: str) -> str:
    """Refuse what JSON can write but UTF-8 cannot."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            msg = f"half of a surrogate pair at character {error.start}; send valid Unicode"
            raise ValueError(msg) from None
    return text


Text = Annotated[str, AfterValidator(_whole)]
Texts = Annotated[list[Text], BeforeValidator(_texts)]
CollectionName = Annotated[Text, Field(min_length=1, max_length=200)]
Integer = Annotated[int, Field(ge=_LEAST_INTEGER, le=_MOST_INTEGER)]
Words = Annotated[Text, Field(max_length=1000)]
Instruction = Annotated[Text, Field(max_length=2000)]
InputType = Literal["query", "document"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class _Inputs(_Body):
    """Texts, and what they are: ``instruct`` is what queries ask for."""

    input: Texts
    model: Words | None = None
    input_type: InputType = "document"
    instruct: Instruction = ""


class EmbeddingRequest(_Inputs):
    """``POST /v1/embeddings``: OpenAI's fields, and what the texts are.

    ``user`` is taken and not used, as OpenAI's clients send it.
    """

    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int, Field(ge=1, le=_MOST_INTEGER)] | None = None
    user: Words | None = None


class TokenizeRequest(_Inputs):
    """``POST /tokenize``: ``special`` counts prompt and special tokens, too."""

    special: bool = False


class Filters(_Body):
    """Conditions that every hit meets, named as the options of ``kb search`` are."""

    documents: list[Integer] = Field(default=[], max_length=1000)
    path: Words = ""
    media_types: list[Words] = Field(default=[], max_length=16)
    tags: list[Words] = Field(default=[], max_length=100)
    languages: list[Words] = Field(default=[], max_length=100)
    since: Words = ""
    until: Words = ""
    pages: Text = Field(default="", max_length=18)  # no page number that SQLite cannot compare with
    metadata: dict[Words, Words | bool | Integer | float] = Field(default={}, max_length=100)

    def search_filter(self) -> SearchFilter:
        """Return these conditions as search takes them.

        Raises:
            SettingsError: a date, a type or a range of pages cannot be understood.
        """
        typed = filter_from_text(
            path=self.path,
            media_types=self.media_types,
            tags=self.tags,
            languages=self.languages,
            since=self.since,
            until=self.until,
            pages=self.pages,
        )
        return SearchFilter(
            documents=tuple(self.documents),
            media_types=typed.media_types,
            path=typed.path,
            languages=typed.languages,
            tags=typed.tags,
            page_first=typed.page_first,
            page_last=typed.page_last,
            date_from=typed.date_from,
            date_to=typed.date_to,
            metadata=self.metadata,
        )


class SearchRequest(_Body):
    """``POST /v1/search``: what ``kb search`` takes."""

    query: Text
    collection: CollectionName | Annotated[list[CollectionName], Field(max_length=100)] | None = (
        None
    )
    top_k: Annotated[int, Field(ge=1, le=1000)] | None = None
    mode: SearchMode | None = None
    context: Annotated[int, Field(ge=0, le=100)] = 0
    diversity: Annotated[float, Field(ge=0, le=1)] = 0.0
    filters: Filters = Filters()
    instruct: Instruction = ""
    rerank: bool | None = None
    highlights: Highlighting = "words"
