"""Set-up of a checkout: the virtual environment, the locked packages, llama.cpp, the demo.

Everything but ``demo`` and ``notices`` runs before any package is installed, so it uses the
standard library only and imports nothing from the rest of ``kb``.
"""
