"""Requests wait here for their turn, between clients by turns, instead of being refused.

| module | what it owns |
|---|---|
| ``clients`` | who asks, as far as turns go |
| ``fair`` | the order of turns |
| ``room`` | how much may wait, and when there will be room again |
| ``texts`` | texts of many requests, computed together |

``kb/server/lanes.py`` has the same order for work of other sorts.
"""
