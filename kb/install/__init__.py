"""Set-up of a checkout: the virtual environment, the locked packages, llama.cpp, the demo.

Everything but ``demo`` and ``notices`` runs before any package is installed. So it uses only the
standard library and imports nothing from the rest of ``kb``.
"""
