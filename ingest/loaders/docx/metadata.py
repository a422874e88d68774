"""A DOCX file's own metadata: title, author, keywords, language, dates."""

from __future__ import annotations

import re

from docx.opc.coreprops import CoreProperties
from docx.opc.parts.coreprops import CorePropertiesPart
from lxml import etree

from ingest.errors import DamagedFileError
from ingest.loaders.docx.package import DocxPackage
from ingest.loaders.titles import real_title
from kb.records import MetadataValue

# Word keeps a template's name as the title of documents made from it.
_TEMPLATE = re.compile(r".*\.dot[xm]?", re.IGNORECASE)


def describe(package: DocxPackage) -> dict[str, MetadataValue]:
    """Return the existing properties, read by python-docx; dates are ISO 8601."""
    part = next((p for k, p in package.relations("").inside.values() if k == "core-properties"), "")
    if part not in package.names:
        return {}
    try:
        blob = etree.tostring(package.xml(part))
        loaded = CorePropertiesPart.load("/docProps/core.xml", "", blob, None)  # type: ignore[arg-type] # the package is not needed to read them
        core: CoreProperties = loaded.core_properties
        values = {
            "title": "" if _TEMPLATE.fullmatch(core.title.strip()) else real_title(core.title),
            "author": core.author,
            "keywords": core.keywords,
            "language": core.language,
            "created": core.created.isoformat() if core.created else "",
            "modified": core.modified.isoformat() if core.modified else "",
        }
    except (DamagedFileError, etree.LxmlError, ValueError, AttributeError, TypeError):
        return {}  # ignore broken properties, because the text is still there
    return {key: value.strip() for key, value in values.items() if value and value.strip()}
