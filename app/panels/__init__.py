# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar's pages and the transport bar."""
