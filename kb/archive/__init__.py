"""A collection as one file: ``kb export`` writes it, ``kb import`` turns it into a collection."""
