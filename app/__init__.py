# SPDX-License-Identifier: GPL-3.0-or-later
"""The desktop app: a Qt-free session (``session``) and the window that shows it (``windows``)."""
