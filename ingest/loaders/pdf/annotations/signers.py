"""Signers: the name in a signature of a PDF, or in its certificate."""

from __future__ import annotations

from ingest.loaders.pdf.annotations.dictionaries import Dictionary, entry, string
from ingest.loaders.pdf.metadata import iso_date

_LARGEST = 200_000  # bytes of a signature: certificates are some thousands each


def signed_by(signature: Dictionary) -> str:
    """Return a signature's name and date, "" without a name."""
    signer = " ".join(string(entry(signature, "/Name")).split())
    signer = signer or _certified(entry(signature, "/Contents"))
    date = iso_date(string(entry(signature, "/M")))[:10]
    return f"{signer} ({date})" if signer and date else signer


def _certified(contents: object) -> str:
    """Return the name in the certificate that no other certificate of the signature depends on."""
    raw = getattr(contents, "original_bytes", contents)
    if not isinstance(raw, (bytes, bytearray)) or not 0 < len(raw) <= _LARGEST:
        return ""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - signed files only
    from cryptography.hazmat.primitives.serialization import pkcs7  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    try:
        found = pkcs7.load_der_pkcs7_certificates(_one_value(bytes(raw)))
        issuers = {each.issuer for each in found if each.issuer != each.subject}
        for each in sorted(found, key=lambda one: one.subject in issuers):
            names = each.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            if names:
                return " ".join(string(names[0].value).split())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass
    return ""


def _one_value(raw: bytes) -> bytes:
    """Cut off the zeros that fill the room reserved for a signature."""
    if len(raw) < 2 or not raw[1] & 0x80:  # noqa: PLR2004 - a tag and a length
        return raw
    size = raw[1] & 0x7F
    return raw[: 2 + size + int.from_bytes(raw[2 : 2 + size], "big")]
