"""What a word is to search by words: terms, their forms and stems, in each language."""
