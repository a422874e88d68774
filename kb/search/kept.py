"""What searches of one store remember from query to query."""

from __future__ import annotations

from dataclasses import dataclass, field

from kb.search.kept_vectors import KeptVectors
from kb.search.term_frequencies import TermFrequencies


@dataclass(frozen=True, slots=True)
class Kept:
    """How often terms stand, and what candidates are scored by: until the store changes."""

    frequencies: TermFrequencies = field(default_factory=TermFrequencies)
    vectors: KeptVectors = field(default_factory=KeptVectors)
