"""Requests wait here for their turn instead of being refused; clients alternate.

| module | what it owns |
|---|---|
| ``clients`` | the client that a request counts for |
| ``fair`` | the order of turns |
| ``room`` | limits of waiting work, and the time until there is room |
| ``texts`` | texts of many requests, computed together |

``kb/server/lanes.py`` uses the same order for other sorts of work.
"""
