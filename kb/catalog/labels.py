"""The form of a document's own tags in its row."""

from collections.abc import Mapping

from kb.metadata import folded, stated_tags
from kb.records import MetadataValue


def labels(metadata: Mapping[str, MetadataValue]) -> str:
    """Return a document's own tags, folded, between commas: ``,draft,税务,``; empty for none."""
    tags = dict.fromkeys(map(folded, stated_tags(metadata)))
    return f",{','.join(tags)}," if tags else ""
