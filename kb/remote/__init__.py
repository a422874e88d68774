"""Servers over HTTP: addresses, requests, failures, attempts, and several in a pool.

Model servers need all of it; vector stores and downloads of models use some.
"""
