"""Fonts that do not say which characters they show."""
