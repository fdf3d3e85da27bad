# SPDX-License-Identifier: Apache-2.0
"""Drives the guests of one run to their end: output, requests, barriers, the time limit.

One loop, no threads. A guest's request is a line of JSON on its serial line 1 (guest/host.py); a
barrier or a get is answered when its condition comes true, or fails when it no longer can.
"""

import json
import os
import selectors
import time

from . import HarnessError, kernel_log
from .probe import Probe
from .sandbox import client_address, connect_client, connections
from .server import CERTIFICATES_READ

CUT_EVERY_S = (0.2, 1.0)
ANSWER_MAX = 4000  # bytes; a serial line loses what is more than 4,096 and not yet read


class Session:
    def __init__(self, guests, server, timeout_s, expected_log=None, proxy=None, realm=None,
                 certificates=None):
        self.guests = guests
        self.server = server
        self.proxy = proxy
        self.realm = realm
        self.certificates = certificates
        self.probe = None
        self.timeout_s = timeout_s
        self.expected_log = expected_log
        self.findings = []
        self.values = {}
        self.waiting = []  # (guest, request) of barriers and gets not yet answered
        self.selector = selectors.DefaultSelector()

    def run(self, config):
        """Boots the guests with this config and returns the worst of their statuses."""
        for guest in self.guests:
            guest.start(config)
            self.watch(guest.output, self.read_output, guest)
            self.watch(guest.control, self.read_control, guest)
            self.watch(os.pidfd_open(guest.process.pid), self.end_guest, guest)
        self.running = set(self.guests)
        limit = time.monotonic() + self.timeout_s
        try:
            while self.running:
                for key, _ in self.selector.select(timeout=0.25):
                    handler, guest = key.data
                    handler(key.fileobj, guest)
                if self.server and self.server.died() is not None:
                    self.found(f"the server ended by itself with {self.server.died()}")
                    return 125
                if time.monotonic() > limit:
                    return self.run_out_of_time()
        finally:
            for guest in self.guests:
                guest.kill()
                self.read_output(guest.output, guest)
                self.flush(guest)
        return max(guest.result for guest in self.guests)

    def watch(self, file, handler, guest):
        self.selector.register(file, selectors.EVENT_READ, (handler, guest))

    def found(self, text):
        self.findings.append(text)
        print(f"kernel test: {text}", flush=True)

    # ---- output

    def read_output(self, pipe, guest):
        while True:
            try:
                data = os.read(pipe, 65536)
            except BlockingIOError:
                return
            if not data:
                if pipe in self.selector.get_map():
                    self.selector.unregister(pipe)
                return
            guest.text += data
            *lines, guest.text = guest.text.split(b"\n")
            for line in lines:
                self.show(guest, line)

    def flush(self, guest):
        if guest.text:
            self.show(guest, guest.text)
            guest.text = b""

    def show(self, guest, line):
        text = line.rstrip(b"\r").decode(errors="replace")
        if len(self.guests) > 1:
            text = f"[{guest.number}] {text}"
        print(text, flush=True)
        with (guest.directory / "output").open("a") as file:
            file.write(text + "\n")

    # ---- requests

    def read_control(self, line, guest):
        data = os.read(line, 65536)
        if not data:
            self.selector.unregister(line)
            return
        guest.requests += data
        *lines, guest.requests = guest.requests.split(b"\n")
        for text in lines:
            self.handle(guest, json.loads(text))
        self.settle()

    def handle(self, guest, request):
        operation = request["op"]
        if operation in ("barrier", "get"):
            self.waiting.append((guest, request))
        elif operation == "put":
            self.values[request["name"]] = request["value"]
            self.answer(guest, request)
        elif operation == "finish":
            self.finish(guest, request)
            self.answer(guest, request)
        else:
            self.command(guest, request)

    def command(self, guest, request):
        try:
            value = self.do(request)
        except HarnessError as error:
            self.found(str(error))
            self.answer(guest, request, error=str(error))
        else:
            self.answer(guest, request, value=value)

    def do(self, request):
        operation = request["op"]
        if operation == "server":
            return self.command_server(request["name"])
        if operation == "kdc":
            return self.realm.do(request["name"])
        if operation == "certificates":
            self.certificates.change(request["files"])
            return self.server.reread(CERTIFICATES_READ)
        if operation == "kadmin":
            return self.realm.change(request["command"])
        if operation == "network":
            return self.command_network(request["name"], request["client"])
        if operation == "logged":
            return self.server.logged(request["text"])
        if operation == "stats":
            return self.server.stats(request["figures"])
        if operation == "connections":
            return connections(self.server.port)
        if operation == "rest":
            return self.server.rest(request["method"], request["path"], request["body"])
        if operation == "operations":
            return self.server.operations()
        if operation == "local":
            return self.server.local(request["call"], request["arguments"])
        if operation == "acl":
            return self.server.acl(request["options"], request["path"])
        if operation == "label":
            return self.server.label(request["path"])
        if operation == "mainstay":
            return self.server.mainstay(request["arguments"])
        if operation == "reload":
            return self.server.reload(request["keys"], request["more"])
        if operation == "probe":
            return self.command_probe(request["name"])
        raise HarnessError(f"unknown request {operation}")

    def command_server(self, action):
        if not self.server:
            raise HarnessError("this run did not start the server")
        self.server.do(action)

    def command_network(self, action, client):
        if action in ("part", "join"):
            connect_client(client, action == "join")
            return None
        if action not in ("disturb", "calm", "cuts", "deaf", "mute", "cut"):
            raise HarnessError(f"unknown network action {action}")
        if not self.proxy:
            raise HarnessError("this run has no proxy")
        if action in ("deaf", "mute"):
            self.proxy.lose(client_address(client), "server" if action == "deaf" else "client")
        elif action == "cut":
            self.proxy.end_all(client_address(client))
        elif action != "cuts":
            self.proxy.disturb(CUT_EVERY_S if action == "disturb" else None)
        return self.proxy.cuts

    def command_probe(self, action):
        if action == "start":
            self.probe = Probe(self.server.port)
            return None
        if action != "stop" or not self.probe:
            raise HarnessError(f"the probe cannot {action}")
        return self.probe.stop()

    def settle(self):
        """Answer the barriers that all guests have reached and the gets whose value has been put."""
        came = {}
        for _, request in self.waiting:
            if request["op"] == "barrier":
                came[request["name"]] = came.get(request["name"], 0) + 1
        left = []
        for guest, request in self.waiting:
            name = request["name"]
            if request["op"] == "barrier" and came[name] == len(self.guests):
                self.answer(guest, request)
            elif request["op"] == "get" and name in self.values:
                self.answer(guest, request, value=self.values[name])
            else:
                left.append((guest, request))
        self.waiting = left
        self.refuse_the_hopeless()

    def refuse_the_hopeless(self):
        """Waiters fail when no other client is left to come, or when all wait for one another.

        In that case, clients that wait at the end of a test ("end of ...") may go on waiting: the
        others, failing their test, will come there too.
        """
        alive = {guest for guest in self.guests if guest.result is None}
        waiting = {guest for guest, _ in self.waiting}
        for guest, request in list(self.waiting):
            of_all = request["op"] == "barrier"
            if of_all and len(alive) < len(self.guests):
                reason = "the other client has ended"
            elif waiting == alive and not request["name"].startswith("end of "):
                reason = "the other client waits elsewhere" if len(alive) > 1 else "no other client is left"
            else:
                continue
            self.waiting.remove((guest, request))
            self.answer(guest, request, error=f"{request['op']} {request['name']}: {reason}")

    def answer(self, guest, request, value=None, error=None):
        reply = {"id": request["id"], "value": value}
        if error is not None:
            reply["error"] = error
        line = json.dumps(reply).encode() + b"\n"
        if len(line) > ANSWER_MAX:
            line = json.dumps({"id": request["id"], "error": f"an answer of {len(line)} bytes"}).encode() + b"\n"
        try:
            os.write(guest.answers, line)
        except BrokenPipeError:
            pass  # the guest died meanwhile, which end_guest() will report

    # ---- ends

    def finish(self, guest, request):
        guest.result = request["status"]
        for name, text in request["files"].items():
            (guest.directory / name).write_text(text)
        log = request["files"].get("dmesg", "")
        for line in kernel_log.complaints(log, guest.directory, self.expected_log):
            self.found(f"client {guest.number}'s kernel said: {line}")

    def end_guest(self, pidfd, guest):
        self.selector.unregister(pidfd)
        os.close(pidfd)
        self.running.discard(guest)
        guest.process.wait()
        self.read_output(guest.output, guest)
        if guest.result is None:
            guest.result = 125
            self.found(f"client {guest.number} died; its console ends:\n{guest.console_tail()}")
        self.settle()

    def run_out_of_time(self):
        for guest in self.running:
            guest.show_blocked_tasks()
        time.sleep(0.5)
        for guest in self.running:
            self.found(f"client {guest.number} ran out of time after {self.timeout_s} s; "
                       f"its console ends:\n{guest.console_tail()}")
        return 124
