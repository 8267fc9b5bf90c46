"""Seeing why a network answers as it does.

* ``maps``: the activation maps around the attention module, for the live path (no torch import).
"""
