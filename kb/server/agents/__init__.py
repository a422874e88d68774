"""Tools for agents by the Model Context Protocol: over stdin and stdout, and at ``/mcp``.

The tools are plain functions of a :class:`~kb.server.agents.desk.Desk` and their checked
parameters; `tools.py` lists them. `protocol.py` alone knows the SDK.
"""
