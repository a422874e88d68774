"""A collection as one file: written by ``kb export``, made a collection again by ``kb import``."""
