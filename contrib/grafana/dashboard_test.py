#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboard mainstay.json: a real Prometheus, configured as contrib/prometheus/prometheus-tls.yml has it, asks a
server under load for its metrics, and each query of the dashboard has an answer."""

import collections
import contextlib
import json
import math
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("MAINSTAY_SOURCE", os.path.join(HERE, "../.."))
sys.path.insert(0, os.path.join(ROOT, "tests/protocol"))
from admin_server import BIN, READ, Server, request, wait_until  # noqa: E402 pylint: disable=wrong-import-position
import nfs_client as nfs  # noqa: E402 pylint: disable=wrong-import-position

SKIPPED = 77
TIMEOUT_S = 60
SCRAPE, RATES = "2s", "20s"  # a slow machine needs a second for all metrics
LOADS = (("--op", "getattr"), ("--op", "write-sync:4096", "--export", "/disk"), ("--op", "read:4096"),
         ("--recalls", "4"))
# Queries that have an answer only after something that this test does not do, and what that would be.
NEED_A_CAUSE = {"rate(mainstay_limit_reached_total": "a client at a limit"}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def panels():
    return [panel for panel in json.loads(read("contrib/grafana/mainstay.json"))["panels"] if panel["type"] != "row"]


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


class Load:
    """Clients of several kinds, one after the other, until it is left."""

    def __init__(self, server):
        self.server, self.done = server, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.failed = None

    def run(self):
        client = nfs.Client(self.server.port, "dashboard")
        session = client.start()
        while not self.done.is_set():
            for load in LOADS:
                ended = subprocess.run([os.path.join(BIN, "mainstay-bench"), f"--target=127.0.0.1:{self.server.port}",
                                        "--warmup=0.05", "--time=0.3", "--slots=2", *load], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=False)
                self.failed = self.failed or ended.stderr
                session.call(*session.open("absent", create=False))
        client.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


class Prometheus:
    def __init__(self, config):
        self.folder = tempfile.mkdtemp(prefix="mainstay-dashboard-")
        self.address = ("127.0.0.1", free_port())
        path = os.path.join(self.folder, "prometheus.yml")
        with open(path, "w", encoding="utf-8") as file:
            yaml.safe_dump(config, file)
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={path}", f"--storage.tsdb.path={self.folder}/data",
             "--web.listen-address=%s:%d" % self.address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(self, path, **query):
        """`data` of the answer; None as long as it is not up.  A query that is wrong is an error."""
        try:
            reply = request(self.address, f"/api/v1/{path}?{urllib.parse.urlencode(query)}",
                            fields={"Connection": "close"})
        except OSError:
            return None
        if reply.status == 503:
            return None
        body = json.loads(reply.body)
        assert body["status"] == "success", (query, body)
        return body["data"]

    def values(self, expression):
        found = self.ask("query", query=expression)
        return [float(one["value"][1]) for one in found["result"]] if found else []

    def end(self):
        self.process.terminate()
        self.process.wait(TIMEOUT_S)
        shutil.rmtree(self.folder)


class Structure(unittest.TestCase):
    def test_panels(self):
        """Each has a title of its own, a place of its own and a query with the variables."""
        found = panels()
        self.assertGreater(len(found), 30)
        titles = collections.Counter(panel["title"] for panel in found)
        self.assertEqual([title for title, count in titles.items() if count > 1], [])
        cells = collections.Counter()
        for panel in found:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            cells.update((x, y) for x in range(place["x"], place["x"] + place["w"])
                         for y in range(place["y"], place["y"] + place["h"]))
            for target in panel["targets"]:
                self.assertEqual(target["expr"].count("mainstay_") + target["expr"].count("up{"),
                                 target["expr"].count('instance=~"$instance"'), target["expr"])
                self.assertEqual(target["datasource"]["uid"], "${datasource}")
        self.assertEqual([cell for cell, count in cells.items() if count > 1], [])


class Queries(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="mainstay-dashboard-"))
        subprocess.run([os.path.join(ROOT, "tests/lib/pki"), f"{self.folder}/pki"], check=True, timeout=TIMEOUT_S)

    def file(self, name):
        return os.path.join(self.folder, "pki", name)

    def config(self, server):
        """The example for servers with `admin_tls: mutual`, with this server and these files."""
        config = yaml.safe_load(read("contrib/prometheus/prometheus-tls.yml"))
        with open(self.file("token"), "w", encoding="utf-8") as file:
            file.write(READ)
        config["rule_files"] = [os.path.join(ROOT, "contrib/prometheus/rules.yml")]
        config["global"] = {"scrape_interval": SCRAPE, "scrape_timeout": SCRAPE, "evaluation_interval": SCRAPE}
        job = config["scrape_configs"][0]
        job["static_configs"] = [{"targets": [f"localhost:{server.tcp[1]}"]}]
        job["authorization"]["credentials_file"] = self.file("token")
        job["tls_config"].update(ca_file=self.file("ca.pem"), cert_file=self.file("client1.pem"),
                                 key_file=self.file("client1.key"))
        return config

    @contextlib.contextmanager
    def scene(self):
        os.mkdir(f"{self.folder}/disk")
        options = ("--admin-tls", "mutual", "--tls-cert", self.file("server.pem"), "--tls-key", self.file("server.key"),
                   "--tls-ca", self.file("ca.pem"), "--export", f"/disk=local:{self.folder}/disk,all_squash,anonuid="
                   f"{os.geteuid()},anongid={os.getegid()}")
        with Server(*options, tokens=(f"read {READ}",)) as server:
            prometheus = Prometheus(self.config(server))
            try:
                with Load(server) as load:
                    yield server, prometheus
                self.assertFalse(load.failed)
            finally:
                prometheus.end()

    def test_each(self):
        queries = [(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]
        caused = {expr for _, expr in queries if any(what in expr for what in NEED_A_CAUSE)}
        self.assertEqual(len(caused), len(NEED_A_CAUSE))
        with self.scene() as (server, prometheus):
            instance = wait_until(lambda: prometheus.ask("label/instance/values", **{"match[]": "mainstay_build_info"}))
            self.assertEqual(instance, [f"localhost:{server.tcp[1]}"])
            open_queries = dict.fromkeys((title, expr) for title, expr in queries if expr not in caused)
            end = time.monotonic() + 4 * TIMEOUT_S
            while open_queries and time.monotonic() < end:
                open_queries = [one for one in open_queries if not self.answered(prometheus, one[1], instance[0])]
            self.assertEqual(list(open_queries), [], "no data for these")
            for expr in caused:
                self.assertEqual(prometheus.values(self.filled(expr, instance[0])), [], "leave it out of NEED_A_CAUSE")
            firing = prometheus.ask("alerts")["alerts"]
            self.assertEqual([one for one in firing if one["labels"]["severity"] == "critical"], [])

    @staticmethod
    def filled(expr, instance):
        expr = expr.replace("$__rate_interval", RATES).replace("$instance", re.escape(instance).replace("\\", "\\\\"))
        assert "$" not in expr, expr
        return expr

    def answered(self, prometheus, expr, instance):
        return any(not math.isnan(value) for value in prometheus.values(self.filled(expr, instance)))


if __name__ == "__main__":
    if not shutil.which("prometheus"):
        print("skipped: prometheus is not installed (package prometheus)")
        sys.exit(SKIPPED)
    unittest.main()
