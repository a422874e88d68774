"""Words as the search by words sees them: terms, their forms and stems, in each language."""
