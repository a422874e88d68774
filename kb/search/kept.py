"""Data that searches of one store remember from query to query."""

from __future__ import annotations

from dataclasses import dataclass, field

from kb.search.kept_filters import KeptFilters
from kb.search.kept_vectors import KeptVectors
from kb.search.term_frequencies import TermFrequencies


@dataclass(frozen=True, slots=True)
class Kept:
    """How often terms stand, what passes filters, and what candidates are scored by.

    All of it until the store changes.
    """

    frequencies: TermFrequencies = field(default_factory=TermFrequencies)
    filters: KeptFilters = field(default_factory=KeptFilters)
    vectors: KeptVectors = field(default_factory=KeptVectors)
