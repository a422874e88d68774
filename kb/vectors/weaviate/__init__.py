"""Vectors on a Weaviate server; the only package that imports its client (extra ``weaviate``)."""

from kb.errors import MissingExtraError

try:
    import weaviate  # noqa: F401 - what is not there is told here, in words that help
except ModuleNotFoundError as error:
    if error.name != "weaviate":
        raise
    msg = "a Weaviate server needs its client: pip install 'shelfmark[weaviate]'"
    raise MissingExtraError(msg) from error
