"""Words of a page from its characters, in whichever direction they run."""
