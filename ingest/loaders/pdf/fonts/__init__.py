"""Fonts that hide which characters they show."""
