"""Parts of ``tests/benchmarks/fidelity.py``, which measures how faithfully documents are read.

words -> content -> truth ------------+
            |                         +-> measures -> report
            +-> makers -> a file -> loader
"""
