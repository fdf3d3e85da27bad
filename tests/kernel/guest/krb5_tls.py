#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Kerberos and TLS together: who a user is by tickets, the connection by certificates (S22-14, S22-15).

Client 1 shows a certificate (sec=krb5,xprtsec=mtls), client 2 does not (sec=krb5,xprtsec=tls). rpc.gssd makes contexts
over connections of its own, without TLS.
"""

import os
import sys

import host
from check import CLIENT, SERVER, equal, main, test, write
from flavor import program
from mounting import OwnMountsOff, mount, unmount

FIRST = CLIENT == 1
TOP = "/mnt/krb5"

# mount options, and whether the export can be mounted with them
WHO_MAY = (
    ("sec=krb5,xprtsec=tls", True),
    ("sec=krb5,xprtsec=mtls", True),
    ("sec=krb5,xprtsec=none", False),
    ("sec=krb5p,xprtsec=none", False),
    ("sec=krb5p,xprtsec=tls", False),
    ("sec=sys,xprtsec=tls", False),
    ("sec=sys,xprtsec=mtls", False),
)


@test
def both_are_needed():
    """The export takes krb5 over TLS, and neither without the other."""
    host.barrier("who may mount")
    if not FIRST:
        return
    wrong = []
    with OwnMountsOff():
        for options, expected in WHO_MAY:
            mounted, said = mount("/", options)
            if mounted:
                write("/mnt/try/of the machine", b"hello")
                unmount()
            if mounted != expected:
                wrong.append(f"{options}: {said or 'mounted'}")
    equal(wrong, [], "what went wrong")


@test
def a_day_of_work():
    """Users with tickets and without; a build and git at once; locks, recalls; tickets that end; a restart."""
    os.chdir(TOP)
    program("krb5.py", "users_get_tickets", "who_is_who_krb5", "without_a_ticket_krb5", "a_day_of_work_krb5",
            "tickets_end", "the_server_restarts")


@test
def both_are_in_force():
    """As the server shows it: the machines registered by their keys over TLS, and one has a certificate."""
    if SERVER != "mainstayd" or not FIRST:
        return
    shown = host.mainstay("client", "list")["items"]
    equal(sorted((each["principal"]["name"], each["transport"]["security"]) for each in shown),
          [("host/client1.mainstay.test@MAINSTAY.TEST", "mtls"), ("host/client2.mainstay.test@MAINSTAY.TEST", "tls")],
          "principals and connections")


sys.exit(main())
