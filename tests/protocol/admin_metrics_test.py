#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""/metrics of a running mainstayd.  Walks all that are served: each has its row in the guide, and a row here that says
where its value must come from: the field of the log that it repeats, or a test of its own.  S20-29 to S20-34, S22-28
to S22-30, S22B-01, S22B-02, S22B-11."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import suite
from admin_server import BIN, READ, Server, request, wait_until

SOURCE = os.environ["MAINSTAY_SOURCE"]
BENCH = os.path.join(BIN, "mainstay-bench")
OPEN_METRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}
LABEL = r'\w+="(?:[^"\\]|\\.)*"'
SERIES = re.compile(rf'^(mainstay_\w+?)(\{{{LABEL}(?:,{LABEL})*\}})? (\S+)$')

# Metrics that repeat a field of the log: event, and the metric of a field, by its name.
COUNTERS = {"daemon.transport": "mainstay_transport_{}_total", "daemon.delegations": "mainstay_delegation_{}_total",
            "daemon.dial_out": "mainstay_dial_out_{}_total", "daemon.identities": "mainstay_identity_{}_total",
            "daemon.duplicates": "mainstay_duplicate_{}_total"}
LOGGED = {
    ("daemon.sessions", "sequence_total"): "mainstay_sequence_total",
    ("daemon.sessions", "replay_hits_total"): "mainstay_replay_hits_total",
    ("daemon.sessions", "reply_bytes"): "mainstay_reply_cache_bytes",
    ("daemon.transport", "addresses"): "mainstay_addresses",
    ("daemon.transport", "half_records"): "mainstay_half_records",
    ("daemon.transport", "half_record_bytes"): "mainstay_half_record_bytes",
    ("daemon.transport", "unsent_bytes"): "mainstay_unsent_bytes",
    ("daemon.transport", "dialled_connections"): 'mainstay_connections{kind="dialled"}',
    ("daemon.transport", "threads"): 'mainstay_threads{kind="all"}',
    ("daemon.transport", "spare_threads"): 'mainstay_threads{kind="spare"}',
    ("daemon.transport", "blocked_threads"): 'mainstay_threads{kind="blocked"}',
    ("daemon.transport", "log_dropped"): 'mainstay_log_lines_left_out_total{why="queue"}',
    ("daemon.transport", "log_limited"): 'mainstay_log_lines_left_out_total{why="limit"}',
    ("daemon.delegations", "held_read"): 'mainstay_delegations{kind="read"}',
    ("daemon.delegations", "held_write"): 'mainstay_delegations{kind="write"}',
    ("daemon.delegations", "held_directory"): 'mainstay_delegations{kind="directory"}',
    ("daemon.delegations", "recalls"): "mainstay_delegations_recalled",
    ("daemon.delegations", "notify_bytes"): "mainstay_delegation_notify_bytes",
    ("daemon.dial_out", "paths"): "mainstay_dial_out_paths",
    ("daemon.duplicates", "entries"): "mainstay_duplicate_entries",
    ("daemon.duplicates", "clients"): "mainstay_duplicate_clients",
    ("daemon.duplicates", "bytes"): "mainstay_duplicate_bytes",
    ("daemon.duplicates", "waiting"): "mainstay_duplicate_waiting",
    ("daemon.identities", "entries"): "mainstay_identity_entries",
    ("daemon.identities", "asking"): "mainstay_identity_asking",
    ("daemon.memory", "budget"): "mainstay_memory_budget_bytes",
    ("daemon.memory", "store"): "mainstay_memory_store_bytes",
    ("daemon.memory", "refused"): 'mainstay_memory_refused_total{by="budget"}',
    ("daemon.memory", "failed"): 'mainstay_memory_refused_total{by="machine"}',
    ("daemon.callback_duration", "count"): "mainstay_callback_duration_seconds_count",
}
# Those that have a test below, by its name.
OWN = {
    "mainstay_build_info": "test_process", "mainstay_process_cpu_seconds": "test_process",
    "mainstay_process_resident_memory_bytes": "test_process", "mainstay_process_open_fds": "test_process",
    "mainstay_process_max_fds": "test_process", "mainstay_process_start_time_seconds": "test_process",
    "mainstay_session_slots": "test_sessions", "mainstay_session_slots_in_use": "test_sessions",
    "mainstay_connections": "test_sessions", "mainstay_state": "test_sessions",
    "mainstay_state_limit": "test_settings", "mainstay_limit_reached": "test_settings",
    "mainstay_operations": "test_operations", "mainstay_operation_errors": "test_operations",
    "mainstay_operation_duration_seconds": "test_durations", "mainstay_stable_wait_seconds": "test_durations",
    "mainstay_export_read_bytes": "test_exports", "mainstay_export_written_bytes": "test_exports",
    "mainstay_export_attribute_hits": "test_kept_attributes",
    "mainstay_export_attribute_misses": "test_kept_attributes",
    "mainstay_export_attribute_changes": "test_told_changes",
    "mainstay_export_attribute_overflows": "test_told_changes",
    "mainstay_export_attribute_untold": "test_told_changes",
    "mainstay_export_refused": "test_exports", "mainstay_export_hole_bytes": "test_exports",
    "mainstay_leases_expired": "test_courtesy", "mainstay_queue_length": "test_idle",
    "mainstay_clients_courtesy": "test_courtesy", "mainstay_grace": "test_idle",
    "mainstay_state_writable": "test_idle",
    "mainstay_event_loops": "test_idle", "mainstay_event_loops_stuck": "test_idle",
    "mainstay_event_loop_lag_seconds": "test_idle", "mainstay_parked_requests": "test_idle",
    "mainstay_delegation_recall_oldest_seconds": "test_idle", "mainstay_callback": "test_callbacks",
    "mainstay_callback_failures": "test_callbacks", "mainstay_callback_retries": "test_callbacks",
    "mainstay_callback_duration_seconds": "test_callbacks", "mainstay_sequence_errors": "test_log",
    "mainstay_memory_bytes": "test_log",
    "mainstay_copies": "test_idle", "mainstay_copy_begun": "test_idle", "mainstay_copy_done": "test_idle",
    "mainstay_copy_short": "test_idle", "mainstay_copy_failed": "test_idle", "mainstay_copy_cancelled": "test_idle", "mainstay_copy_bytes": "test_idle",
    "mainstay_gss_contexts": "test_gss", "mainstay_gss_contexts_made": "test_gss",
    "mainstay_gss_contexts_ended": "test_gss", "mainstay_gss_contexts_refused": "test_gss",
}
# What changes although no client does anything.
RESTLESS = re.compile(r"mainstay_(process_|event_loop_lag|memory_bytes\{kind=\"admin\"|queue_length\{queue=\"log"
                      r"|transport_waits|transport_spins)")


def scrape(server, fields=()):
    """Series -> value, as text."""
    found = {}
    for line in request(server.socket, "/metrics", fields=fields).body.decode().splitlines():
        if line.startswith("#"):
            continue
        match = SERIES.match(line)
        assert match, line
        name = match[1] + (match[2] or "")
        assert name not in found, line
        found[name] = match[3]
    return found


def families(server):
    """Name -> (type, help, labels) as OpenMetrics has them."""
    found = {}
    for line in request(server.socket, "/metrics", fields=OPEN_METRICS).body.decode().splitlines():
        kind, _, rest = line.partition(" ")[2].partition(" ")
        name, _, words = rest.partition(" ")
        if kind == "HELP":
            found[name] = [None, words]
        elif kind == "TYPE":
            found[name][0] = words
    return found


def bench(server, *options):
    return [BENCH, "--target", f"127.0.0.1:{server.port}", "--warmup", "0.1", *options]


def run_bench(server, *options):
    subprocess.run(bench(server, *options), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True, timeout=120)


def program(test, name):
    """Where it is installed.  In CI that is everywhere."""
    path = shutil.which(name)
    if not path:
        test.assertNotEqual(os.environ.get("CI"), "true", f"{name} is not installed")
        test.skipTest(f"{name} is not installed")
    return path


def value(server, series):
    return float(scrape(server).get(series, "nan"))


class Text(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()
        run_bench(cls.server, "--op", "getattr", "--time", "0.3")

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None)

    def test_guide(self):
        """A row in docs/metrics.md for each metric, with its type and help; and none without one."""
        with open(os.path.join(SOURCE, "docs/metrics.md"), encoding="utf-8") as file:
            rows = re.findall(r"(?m)^\| `(mainstay_\w+)` \| (\w+) \| ([^|]*)\| ([^|]*) \|$", file.read())
        guide = {name: [kind, words] for name, kind, _, words in rows}
        self.assertEqual(len(guide), len(rows))
        served = families(self.server)
        self.assertIn("mainstay_sequence", served)
        self.maxDiff = None
        self.assertEqual(guide, {name + ("_total" if kind == "counter" else ""): [kind, words]
                                 for name, (kind, words) in served.items()})
        labels = {name: re.findall(r"\w+", label) for name, _, label, _ in rows}
        histograms = [name for name, kind, _, _ in rows if kind == "histogram"]
        for series in scrape(self.server):
            name, _, rest = series.partition("{")
            name = next((own for own in histograms if re.fullmatch(own + "_(bucket|sum|count)", name)), name)
            self.assertEqual(labels[name], [word for word in re.findall(r'(\w+)="', rest) if word != "le"], series)

    def test_formats(self):
        plain, open_metrics = (request(self.server.socket, "/metrics", fields=fields) for fields in ({}, OPEN_METRICS))
        self.assertEqual(plain.fields["content-type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertEqual(open_metrics.fields["content-type"],
                         "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.assertTrue(open_metrics.body.endswith(b"\n# EOF\n"))
        self.assertNotIn(b"# EOF", plain.body)
        self.assertIn(b"# TYPE mainstay_sequence counter\nmainstay_sequence_total ", open_metrics.body)
        self.assertIn(b"# TYPE mainstay_sequence_total counter\nmainstay_sequence_total ", plain.body)

    def test_promtool(self):
        promtool = program(self, "promtool")
        done = subprocess.run([promtool, "check", "metrics"], input=request(self.server.socket, "/metrics").body,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, b""))

    def test_each_has_a_row(self):
        logged = {re.sub(r"\{.*", "", name) for name in LOGGED.values()}
        prefixes = [pattern.partition("{")[0] for pattern in COUNTERS.values()]
        for name, (kind, _) in families(self.server).items():
            series = name + "_total" if kind == "counter" else name
            if name in OWN:
                self.assertTrue(hasattr(Values, OWN[name]), name)
            else:
                self.assertTrue(series in logged or any(series.startswith(prefix) for prefix in prefixes),
                                f"{name} has no row in {__file__}")

    def test_idle(self):
        """What nothing causes does not move, and is what it should be."""
        before = wait_until(self.still)
        time.sleep(1.5)  # for a tick or two of the timer
        self.assertEqual(before, self.now())
        for series, number in (("mainstay_grace", "0"), ("mainstay_state_writable", "1"),
                               ("mainstay_event_loops_stuck", "0"), ("mainstay_parked_requests", "0")):
            self.assertEqual(before[series], number)
        self.assertEqual(before["mainstay_delegation_recall_oldest_seconds"], "0.000000")
        for series in ('copies{state="live"}', 'copies{state="ended"}', "copy_begun_total", "copy_bytes_total"):
            self.assertEqual(before["mainstay_" + series], "0")
        for queue in ("turns", "callback_sessions", "callback_paths"):
            self.assertEqual(before[f'mainstay_queue_length{{queue="{queue}"}}'], "0")
        lags = value(self.server, "mainstay_event_loop_lag_seconds_count")
        wait_until(lambda: value(self.server, "mainstay_event_loop_lag_seconds_count") > lags)
        self.assertGreater(int(before["mainstay_event_loops"]), 0)

    def now(self):
        return {name: number for name, number in scrape(self.server).items() if not RESTLESS.match(name)}

    def still(self):
        """The connections of the load are gone."""
        now = self.now()
        return now if now['mainstay_connections{kind="accepted"}'] == "0" else None


class Values(unittest.TestCase):
    def test_idle(self):
        """In Text, where there is a server that does nothing."""

    def test_log(self):
        """Each repeats what the log says, after work of all kinds."""
        with Server("--log-format", "json") as server:
            run_bench(server, "--op", "getattr", "--time", "0.3")
            run_bench(server, "--op", "open-close", "--time", "0.3")
            run_bench(server, "--recalls", "4", "--time", "0.5")
            wait_until(lambda: value(server, 'mainstay_connections{kind="accepted"}') == 0)
            server.process.send_signal(signal.SIGUSR1)
            wait_until(lambda: "daemon.duplicates" in server.text() and "daemon.delegations" in server.text())
            metrics = scrape(server)
            compared = self.compare(server, metrics)
        self.assertGreater(len(compared), 120)
        for name in ("mainstay_sequence_total", "mainstay_transport_calls_total", "mainstay_delegation_recalled_total",
                     "mainstay_delegation_returned_total", 'mainstay_callback_total{op="CB_RECALL"}',
                     'mainstay_callback_duration_seconds_bucket{le="10"}'):
            self.assertGreater(float(metrics[name]), 0, name)

    def compare(self, server, metrics):
        compared = set()
        for line in server.text().splitlines():
            stats = json.loads(line)
            for field, number in stats.items():
                series = self.series_of(stats, field)
                if series and RESTLESS.match(series):  # it counts on between the log and the metrics
                    self.assertGreaterEqual(float(metrics[series]), float(number), (line, field))
                elif series:
                    self.assertEqual(float(metrics[series]), float(number), (line, field))
                if series:
                    compared.add(series)
        for name in LOGGED.values():
            self.assertIn(name, compared)
        return compared

    @staticmethod
    def series_of(stats, field):
        event = stats["event"]
        if (event, field) in LOGGED:
            return LOGGED[event, field]
        if event == "daemon.sessions" and field.startswith("failures_"):
            return f'mainstay_sequence_errors_total{{type="{field[9:]}"}}'
        if event == "daemon.limits" and field.startswith("refused_"):
            return f'mainstay_limit_reached_total{{limit="{field[8:]}"}}'
        if event == "daemon.limits" and field not in ("time", "level", "event"):
            return f'mainstay_state{{kind="{field}"}}'
        if event == "daemon.memory" and field in ("connections", "clients", "sessions", "opens", "locks", "objects"):
            return f'mainstay_memory_bytes{{kind="{field}"}}'
        if event == "daemon.callback" and stats["operation"] != "all" and field.startswith("callback_"):
            name = "" if field == "callback_total" else field[8:]
            return f'mainstay_callback{name}_total{{op="{stats["operation"]}"}}'
        if event in COUNTERS and field not in ("time", "level", "event", "connections", "oldest_recall_ms"):
            return COUNTERS[event].format(field)
        return None

    def test_gss(self):
        """Without Kerberos, nothing; protocol.gss_contexts has the rest."""
        with Server() as server:
            found = {name: number for name, number in scrape(server).items() if name.startswith("mainstay_gss_")}
        for name in ('contexts{kind="used"}', 'contexts{kind="unused"}', "contexts_made_total",
                     'contexts_ended_total{why="evicted"}', 'contexts_refused_total{why="bad_token"}'):
            self.assertIn(f"mainstay_gss_{name}", found)
        self.assertEqual(set(found.values()), {"0"})

    def test_sessions(self):
        """S20-32: series come and go with their session."""
        with Server() as server:
            none = scrape(server)
            self.assertEqual([name for name in none if name.startswith("mainstay_session_slots")], [])
            with subprocess.Popen(bench(server, "--idle", "3", "--settle", "600"), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as client:
                wait_until(lambda: value(server, 'mainstay_state{kind="sessions"}') == 3)
                wait_until(lambda: not any(name.startswith("mainstay_session_slots_in_use{") and number != "0"
                                           for name, number in scrape(server).items()))
                some = scrape(server)
                slots = [name for name in some if name.startswith("mainstay_session_slots{")]
                self.assertEqual(len(slots), 3)
                for name in slots:
                    self.assertRegex(name, r'session="[0-9a-f]{32}"')
                    self.assertGreater(int(some[name]), 0)
                    self.assertEqual(some[name.replace("slots{", "slots_in_use{")], "0")
                self.assertEqual((some['mainstay_state{kind="clients"}'], some['mainstay_connections{kind="accepted"}']),
                                 ("3", "3"))
                client.terminate()
            wait_until(lambda: value(server, 'mainstay_connections{kind="accepted"}') == 0)
        with Server() as server:
            with subprocess.Popen(bench(server, "--op", "getattr", "--time", "600"), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as client:
                wait_until(lambda: any(name.startswith("mainstay_session_slots_in_use{") and float(number) > 0
                                       for name, number in scrape(server).items()))
                client.kill()
            run_bench(server, "--op", "getattr", "--time", "0.2")

    def test_settings(self):
        with Server("--set", "nfs.max_sessions=2") as server:
            self.assertEqual(value(server, 'mainstay_state_limit{kind="sessions"}'), 2)
            self.assertEqual(value(server, 'mainstay_limit_reached_total{limit="sessions"}'), 0)
            subprocess.run(bench(server, "--idle", "4", "--settle", "0.1"), stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False, timeout=120)
            self.assertGreater(value(server, 'mainstay_limit_reached_total{limit="sessions"}'), 0)

    def test_courtesy(self):
        with Server("--lease", "1") as server:
            self.assertEqual(value(server, "mainstay_clients_courtesy"), 0)
            with subprocess.Popen(bench(server, "--op", "open-close", "--time", "600"), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as client:
                wait_until(lambda: value(server, "mainstay_sequence_total") > 100)
                client.kill()
            self.assertEqual(value(server, "mainstay_leases_expired_total"), 0)
            wait_until(lambda: value(server, "mainstay_clients_courtesy") == 1)
            self.assertEqual(value(server, "mainstay_leases_expired_total"), 1)

    def test_operations(self):
        """Each is counted in its minor version, and its errors by name; S20-29."""
        with Server() as server:
            self.assertEqual([name for name in scrape(server) if name.startswith("mainstay_operation")], [])
            run_bench(server, "--op", "getattr", "--time", "0.3")
            one = scrape(server)
            self.assertGreater(self.executed(one, "GETATTR"), 100)
            self.assertEqual(self.executed(one, "SEQUENCE"), float(one["mainstay_sequence_total"]))
            self.assertEqual(self.executed(one, "GETATTR"), self.executed(one, "GETATTR", "1"))
            run_bench(server, "--op", "getattr", "--time", "0.3")
            two = scrape(server)
            self.assertGreater(self.executed(two, "GETATTR"), self.executed(one, "GETATTR"))
            self.assertEqual(self.executed(two, "READ"), 0)
            # The client that begins knows no session yet, and no file.
            run_bench(server, "--op", "open-close", "--time", "0.3")
            three = scrape(server)
            self.assertGreater(self.executed(three, "OPEN"), 10)
            self.assertGreater(self.executed(three, "CLOSE"), 10)

    @staticmethod
    def executed(metrics, op, minor=None):
        pattern = rf'mainstay_operations_total\{{minor="{minor or "."}",op="{op}"\}}'
        return sum(float(number) for name, number in metrics.items() if re.fullmatch(pattern, name))

    def test_durations(self):
        """The sample has the right size, and buckets that rise."""
        with Server() as server:
            run_bench(server, "--op", "getattr", "--time", "1")
            metrics = scrape(server)
        self.assertEqual(float(metrics["mainstay_stable_wait_seconds_count"]), 0)
        pattern = r'mainstay_operation_duration_seconds_(\w+)\{minor="1",op="GETATTR"(?:,le="(.*)")?\}'
        found = [(match[1], match[2], float(number)) for match, number in
                 ((re.fullmatch(pattern, name), number) for name, number in metrics.items()) if match]
        buckets = [number for kind, _, number in found if kind == "bucket"]
        count = next(number for kind, _, number in found if kind == "count")
        seconds = next(number for kind, _, number in found if kind == "sum")
        self.assertEqual(len(buckets), 14)
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual(buckets[-1], count)
        executed = self.executed(metrics, "GETATTR")
        self.assertGreater(executed, 2000)
        self.assertGreater(count, executed / 4)
        self.assertLess(count, executed * 4)
        self.assertGreater(seconds, 0)
        self.assertLess(seconds, 60)

    def test_exports(self):
        """Bytes count where they were read or written, and only there."""
        with Server("--export", "/other=mem:") as server:
            series = [f'mainstay_export_{what}_bytes_total{{export="{path}"}}'
                      for what in ("read", "written", "hole") for path in ("/", "/other")]
            self.assertEqual([value(server, name) for name in series], [0] * 6)
            run_bench(server, "--export", "/other", "--op", "write:4096", "--time", "0.2")
            self.assertGreater(value(server, series[3]), 4096)
            run_bench(server, "--export", "/other", "--op", "read:4096", "--time", "0.2")
            self.assertGreater(value(server, series[1]), 4096)
            self.assertEqual([value(server, series[i]) for i in (0, 2, 4, 5)], [0] * 4)
            for why in ("client", "port", "sec", "xprtsec"):
                self.assertEqual(value(server, f'mainstay_export_refused_total{{why="{why}"}}'), 0)

    def test_changed_export(self):
        """Its bytes go on counting when its options change, and its series go when it is removed; L-15."""
        with Server() as server:
            self.exports(server, "POST", "", {"path": "/new", "backend": "mem"}, 201)
            written = 'mainstay_export_written_bytes_total{export="/new"}'
            write = ("--export", "/new", "--op", "write:4096", "--time", "0.2")
            run_bench(server, *write)
            before = value(server, written)
            self.assertGreater(before, 4096)
            for body in ({"changes": "async"}, {"clients": ["127.0.0.0/8"]}):
                self.exports(server, "PUT", "/%2Fnew", {"backend": "mem", **body}, 200)
                self.assertEqual(value(server, written), before)
            run_bench(server, *write)
            self.assertGreater(value(server, written), before)
            self.exports(server, "DELETE", "/%2Fnew?force=true", None, 204)
            self.assertEqual([name for name in scrape(server) if "/new" in name], [])
            self.exports(server, "POST", "", {"path": "/new", "backend": "mem"}, 201)
            self.assertEqual(value(server, written), 0)

    def test_kept_attributes(self):
        """Answers from memory count as long as the option says so."""
        series = [f'mainstay_export_attribute_{what}_total{{export="/kept"}}' for what in ("hits", "misses")]
        bench_options = ("--export", "/kept", "--op", "getattr", "--time", "0.2")
        with (tempfile.TemporaryDirectory(dir="/dev/shm") as folder, tempfile.TemporaryDirectory() as other,
              Server("--export", f"/other=local:{other},all_squash") as server):
            os.chmod(folder, 0o777)
            keys = {"backend": "local", "argument": folder, "squash": "all_squash", "ports": "insecure"}
            self.exports(server, "POST", "", {"path": "/kept", **keys}, 201)
            if series[0] not in scrape(server):
                self.skipTest("/dev/shm is not a tmpfs")
            run_bench(server, *bench_options)
            self.assertEqual([value(server, name) for name in series], [0, 0])
            self.exports(server, "PUT", "/%2Fkept", {**keys, "attribute_cache": "own"}, 200)
            run_bench(server, *bench_options)
            counts = [value(server, name) for name in series]
            self.assertGreater(counts[0], 10)
            self.assertGreater(counts[1], 0)
            self.exports(server, "PUT", "/%2Fkept", {**keys, "attribute_cache": "off"}, 200)
            run_bench(server, *bench_options)
            self.assertEqual([value(server, name) for name in series], counts)
            self.exports(server, "PUT", "/%2Fkept", {**keys, "attribute_cache": "maybe"}, 422)

    def test_told_changes(self):
        """What others change is counted, and that more was changed than the kernel can tell; or that it tells nothing."""
        series = [f'mainstay_export_attribute_{what}_total{{export="/told"}}'
                  for what in ("changes", "overflows", "untold")]
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            os.chmod(folder, 0o777)
            export = f"/told=local:{folder},all_squash,insecure,attribute_cache=watched"
            with Server("--export", export) as server:
                if series[0] not in scrape(server):
                    self.skipTest("/dev/shm is not a tmpfs")
                run_bench(server, "--export", "/told", "--op", "getattr", "--time", "0.2")
                if value(server, series[2]) > 0:
                    self.assertEqual(value(server, series[0]), 0)
                    self.skipTest("the kernel does not tell this user what others change")
                before = value(server, series[0])
                for name in "abc":
                    os.close(os.open(f"{folder}/{name}", os.O_CREAT | os.O_WRONLY))
                wait_until(lambda: value(server, series[0]) > before + 3)  # at the latest when the server sweeps
                self.overflow(server, folder, series[1])
                self.assertEqual(value(server, series[2]), 0)

    def overflow(self, server, folder, series):
        """Changes that pile up while the server cannot read."""
        with open("/proc/sys/fs/fanotify/max_queued_events", encoding="ascii") as file:
            queue = int(file.read())
        if queue > 20000:
            return
        os.kill(server.process.pid, signal.SIGSTOP)
        try:
            for i in range(queue):
                path = f"{folder}/many{i}"
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
                os.unlink(path)
        finally:
            os.kill(server.process.pid, signal.SIGCONT)
        wait_until(lambda: value(server, series) > 0)

    def exports(self, server, method, path, body, status):
        data = json.dumps(body).encode() if body else b""
        fields = {"Content-Length": str(len(data)), "Content-Type": "application/json"} if data else {}
        reply = request(server.socket, "/api/v1/exports" + path, method, fields, data)
        self.assertEqual(reply.status, status, reply.body)

    def test_names(self):
        """S22-28: a path is shown although it has characters of the format, or bytes that are no UTF-8."""
        with Server("--export", b"/a\"b\\\xe9=mem:", "--export", "/\u00e9=mem:") as server:
            names = {name for name in scrape(server) if name.startswith("mainstay_export_read")}
            self.assertEqual(names, {f'mainstay_export_read_bytes_total{{export="{path}"}}'
                                     for path in ("/", r'/a\"b\\\\xe9', "/\u00e9")})

    def test_absent(self):
        """S22B-02: the server works where nobody can ask for metrics."""
        with Server("--admin", "none") as server:
            run_bench(server, "--op", "open-close", "--time", "0.2")
            run_bench(server, "--recalls", "2", "--time", "0.2")
            self.assertFalse(os.path.exists(server.socket))

    def test_callbacks(self):
        with Server() as server:
            self.assertEqual(value(server, 'mainstay_callback_total{op="CB_RECALL"}'), 0)
            run_bench(server, "--recalls", "4", "--time", "0.5")
            metrics = scrape(server)
            total = float(metrics['mainstay_callback_total{op="CB_RECALL"}'])
            self.assertGreater(total, 0)
            buckets = [float(number) for name, number in metrics.items() if "callback_duration_seconds_bucket" in name]
            self.assertEqual(len(buckets), 14)
            self.assertEqual(buckets, sorted(buckets))
            self.assertIn('mainstay_callback_duration_seconds_bucket{le="0.001"}', metrics)
            self.assertIn('mainstay_callback_duration_seconds_bucket{le="10"}', metrics)
            self.assertEqual(metrics['mainstay_callback_duration_seconds_bucket{le="+Inf"}'],
                             metrics["mainstay_callback_duration_seconds_count"])
            self.assertGreater(float(metrics["mainstay_callback_duration_seconds_sum"]), 0)
            failed = float(metrics['mainstay_callback_failures_total{op="CB_RECALL"}'])
            self.assertEqual(float(metrics["mainstay_callback_duration_seconds_count"]), total - failed)
            self.assertLessEqual(float(metrics['mainstay_callback_retries_total{op="CB_RECALL"}']), total)

    def test_process(self):
        with Server() as server:
            metrics = scrape(server)
            pid = server.process.pid
            self.assertRegex("\n".join(metrics), r'mainstay_build_info\{version="\d')
            self.assertLess(abs(float(metrics["mainstay_process_start_time_seconds"]) - time.time()), 60)
            with open(f"/proc/{pid}/statm", encoding="ascii") as file:
                resident = int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
            self.assertLess(abs(float(metrics["mainstay_process_resident_memory_bytes"]) - resident), 16 << 20)
            # With the connection of the scrape, and what it reads.
            self.assertLess(abs(float(metrics["mainstay_process_open_fds"]) - len(os.listdir(f"/proc/{pid}/fd"))), 4)
            self.assertGreater(float(metrics["mainstay_process_max_fds"]), 100)
            before = float(metrics["mainstay_process_cpu_seconds_total"])
            run_bench(server, "--op", "getattr", "--time", "0.5")
            self.assertGreater(value(server, "mainstay_process_cpu_seconds_total"), before)


class Prometheus(unittest.TestCase):
    CONFIG = """
scrape_configs:
  - job_name: mainstay
    scrape_interval: 500ms
    scrape_timeout: 500ms
    authorization: {{credentials: {token}}}
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""

    @staticmethod
    def free_port():
        import socket  # pylint: disable=import-outside-toplevel
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            return held.getsockname()[1]

    def test_scrape(self):
        """A real one, with the read-only token."""
        prometheus = program(self, "prometheus")
        port = self.free_port()
        with Server(tokens=(f"read {READ}",)) as server, tempfile.TemporaryDirectory(prefix="mainstay-prom-") as folder:
            config = os.path.join(folder, "prometheus.yml")
            with open(config, "w", encoding="utf-8") as file:
                file.write(self.CONFIG.format(token=READ, port=server.tcp[1]))
            run_bench(server, "--op", "getattr", "--time", "0.2")
            with subprocess.Popen([prometheus, f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
                                   f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as process:
                try:
                    found = wait_until(lambda: self.query(port, "mainstay_sequence_total"))
                    self.assertEqual(float(found), value(server, "mainstay_sequence_total"))
                    self.assertEqual(self.query(port, "up"), "1")
                finally:
                    process.terminate()
                    process.wait(60)

    @staticmethod
    def query(port, expression):
        try:
            reply = request(("127.0.0.1", port), f"/api/v1/query?query={expression}", fields={"Connection": "close"})
            result = json.loads(reply.body)["data"]["result"]
        except (OSError, ValueError, KeyError):
            return None
        return result[0]["value"][1] if result else None


if __name__ == "__main__":
    suite.run("Prometheus.test_scrape", "Text.test_idle", "Values.test_courtesy")
