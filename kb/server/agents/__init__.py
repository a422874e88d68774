"""Tools for agents by the Model Context Protocol: over stdin and stdout, and at ``/mcp``.

A tool is a plain function of a :class:`~kb.server.agents.desk.Desk` and of checked parameters.
`tools.py` lists the tools. Only `protocol.py` knows the SDK.
"""
