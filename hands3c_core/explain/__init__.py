"""Seeing why a network answers as it does; see docs/seeing.md.

* ``maps``: the activation maps around the attention module, for the live path (no torch import).
* ``receptive_field``, ``erf_study``, ``erf_figure``: effective receptive fields (Luo et al., 2016).
* ``hidden_attention``: what a selective scan reads where, exactly (Ali et al., 2024).
* ``grad_cam``: what a joint's heatmap rests on (Selvaraju et al., 2017).
* ``hand_sheet``, ``attention_study``: all of it as sheets and videos of pictures of hands.
"""
