# SPDX-License-Identifier: GPL-3.0-or-later
"""The desktop app: a Qt-free session (``session``) and the window that shows it (``windows``).

In a checkout the package is ``app``, in an installed wheel ``hands3c_live`` (see setup.py), so
imports inside it are relative.
"""
