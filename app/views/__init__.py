# SPDX-License-Identifier: GPL-3.0-or-later
"""Widgets that show frames, scenes and figures."""
