# SPDX-License-Identifier: Apache-2.0
"""Users and their tickets, in a guest that has a realm (harness/kerberos.py)."""

import os

from check import run

REALM = os.environ["MS_REALM"]  # the directory with krb5.conf and the keytabs
USERS = {"alice": 5001, "bob": 5002, "carol": 5003, "dave": 5004, "erin": 5005}


def cache(user):
    """Where rpc.gssd looks for that user's tickets."""
    return f"/tmp/krb5cc_{USERS[user]}"


def get_ticket(user):
    """As the user's kinit, or a renewal of what it got: the file is replaced at once."""
    new = f"{cache(user)}.new"
    run("kinit", "-k", "-t", f"{REALM}/{user}.keytab", "-c", f"FILE:{new}", user)
    os.chown(new, USERS[user], USERS[user])
    os.rename(new, cache(user))


def drop_ticket(user):
    os.unlink(cache(user))
