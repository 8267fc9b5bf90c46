# SPDX-License-Identifier: GPL-3.0-or-later
"""The desktop app: a Qt-free session (``session``) and the window that shows it (``windows``).

In a checkout the package is ``app``, in an installed wheel ``hands3c_live`` (see setup.py).
"""

import sys

# Modules of this folder still call one another ``app.NAME``.
sys.modules.setdefault("app", sys.modules[__name__])
