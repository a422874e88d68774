"""Data that searches of one store remember from query to query."""

from __future__ import annotations

from dataclasses import dataclass, field

from kb.search.kept_filters import KeptFilters
from kb.search.kept_vectors import KeptVectors
from kb.search.term_frequencies import TermFrequencies


@dataclass(frozen=True, slots=True)
class Kept:
    """Frequencies of terms, passing chunks of filters, and vectors of candidates.

    All of them are kept until the store changes.
    """

    frequencies: TermFrequencies = field(default_factory=TermFrequencies)
    filters: KeptFilters = field(default_factory=KeptFilters)
    vectors: KeptVectors = field(default_factory=KeptVectors)
