"""What the audit would notice: faults put into a copy of the package, one at a time, and the verdicts that change.

``python -m faults`` runs them. Nothing of the pipeline imports this package, and it never writes into ``src``.
"""
