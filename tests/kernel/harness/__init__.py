# SPDX-License-Identifier: Apache-2.0
"""Boots real Linux NFS clients (user-mode Linux) beside a server, in namespaces of their own."""


class Unavailable(Exception):
    """This machine cannot run kernel clients; the text says why."""


class HarnessError(Exception):
    """The run failed for a reason that is neither the command's fault nor the server's."""
