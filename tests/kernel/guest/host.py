#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""In a guest: asks the host side of the run for something.

    host.py barrier NAME                      wait until every client has come to NAME
    host.py put NAME VALUE | get NAME         a value between clients; get waits for it
    host.py server stop|start|restart|kill|crash     kill and crash are SIGKILL; crash starts it again
    host.py server release                    restart it, and no longer hold its socket meanwhile
    host.py logged TEXT                       how many lines of the server's log have TEXT
    host.py connections                       how many the server has with clients
    host.py rest METHOD PATH                  a request to the server's REST interface
    host.py probe start|stop                  measure pauses of the server; how long they were
    host.py network disturb|calm|cuts         cut connections from now on; no more; how many there were
    host.py network part|join NUMBER          take that client off the network; put it back
    host.py network deaf|mute|cut NUMBER      lose what it is sent, or sends; end its connections, and lose no more

A request is one line of JSON on serial line 1, and so is its answer. One at a time in a guest.
"""

import fcntl
import json
import os
import sys
import termios
import tty

LINE = "/dev/ttyS1"
PART = os.environ.get("MS_PART", "")  # of a run that has the same test several times: values are of one part


def ask(operation, **arguments):
    """Send one request and wait for its answer; RuntimeError when the host refuses."""
    line = os.open(LINE, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(line, fcntl.LOCK_EX)
        tty.setraw(line, termios.TCSANOW)
        identity = f"{os.getpid()}.{os.urandom(4).hex()}"
        request = json.dumps({"id": identity, "op": operation, **arguments}).encode() + b"\n"
        while request:
            request = request[os.write(line, request):]
        data = b""
        while True:
            data += os.read(line, 4096)
            *lines, data = data.split(b"\n")
            for text in lines:
                reply = json.loads(text)
                if reply["id"] != identity:
                    continue  # an answer to a requester that was killed
                if "error" in reply:
                    raise RuntimeError(reply["error"])
                return reply["value"]
    finally:
        os.close(line)


def barrier(name):
    ask("barrier", name=name)


def put(name, value):
    ask("put", name=PART + name, value=value)


def get(name):
    return ask("get", name=PART + name)


def server(action):
    ask("server", name=action)


def logged(text):
    return ask("logged", text=text)


def stats(figures):
    """{event: {name: number}} of the lines that the server logs on SIGUSR1; `figures`: {event: names}, those wanted."""
    return ask("stats", figures=figures)


def connections():
    return ask("connections")


def rest(method, path, body=None):
    """(status, value); $DIR in the body is the directory of this run on the host. A long value is None."""
    return tuple(ask("rest", method=method, path=path, body=body))


def operations():
    """{name: how many of these operations the server has executed since it started}"""
    return ask("operations")


def local(call, *paths):
    """Have a program on the server's machine make a system call on paths below the first export; not on mem."""
    ask("local", call=call, arguments=paths)


def setfacl(path, *options):
    """setfacl on the server's machine, on a path below the first export; not on mem."""
    ask("acl", options=options, path=path)


def getfacl(path):
    """The lines that getfacl prints there."""
    return [line for line in ask("acl", options=(), path=path).split("\n") if line]


def label(path):
    """The security label there, of a path below the first export; not on mem."""
    return ask("label", path=path)


def mainstay(*arguments):
    """What that command prints with --json."""
    return ask("mainstay", arguments=arguments)


def reload(keys, more):
    """Have the server read its configuration file, with these keys added to the theme's exports, and more exports."""
    ask("reload", keys=keys, more=more)


def kdc(action):
    """Stop the KDC, or start it again."""
    ask("kdc", name=action)


def kadmin(command):
    """Change the realm: a command of kadmin.local."""
    ask("kadmin", command=command)


def certificates(**files):
    """Give the server other files, by the names of its options, and have it read them: crl="revoked.crl"."""
    ask("certificates", files=files)


def probe(action):
    """After stop: {"calls", "worst_ms", "machine_ms", "pause_ms"} of the time since start (harness/probe.py)."""
    return ask("probe", name=action)


def network(action, client=0):
    return ask("network", name=action, client=int(client))


def main(arguments):
    calls = {"barrier": (barrier, (1,)), "put": (put, (2,)), "get": (get, (1,)), "server": (server, (1,)),
             "logged": (logged, (1,)), "connections": (connections, (0,)),
             "rest": (rest, (2,)), "probe": (probe, (1,)), "network": (network, (1, 2))}
    call, counts = calls.get(arguments[0] if arguments else "", (None, ()))
    if call is None or len(arguments) - 1 not in counts:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        value = call(*arguments[1:])
    except RuntimeError as error:
        print(f"host.py: {error}", file=sys.stderr)
        return 1
    if value is not None:
        print(value)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
