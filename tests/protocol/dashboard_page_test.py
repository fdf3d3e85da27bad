#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboard in a browser: what it shows of a server with 200 sessions at work, what can be done with it and with
which rights, by keyboard alone, in light and dark; a server that starts again; and pages of other sites beside it.

    dashboard_page_test.py --write     also renews docs/pictures/dashboard-light.png and -dark.png
"""

import contextlib
import http.server
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

import browser
import nfs_client as nfs
import suite
from admin_server import BIN, FULL, READ, TIMEOUT_S, Server, request, wait_until

BENCH = os.path.join(BIN, "mainstay-bench")
PICTURES = os.path.join(os.environ["MAINSTAY_SOURCE"], "docs/pictures")
PICTURE_BYTES = 200 << 10
PICTURE_S = 60  # of history in it
SESSIONS = 200
CLIENTS = 1000
READERS = 8  # LIMIT_EVENT_READERS
ROWS = 25  # of a page of a list
LOAD_S = 1.0
SILENCE_S = 30
LOADS = 8
# A loop that takes so long where a load takes a fifth of LOAD_S: a machine that is slower has longer.
LOOP_S = 0.2
LOOP = """const t = performance.now(); let x = 1;
for (let n = 0; n < 1e8; n++) x = Math.imul(x, 1103515245) + 12345 | 0;
return [(performance.now() - t) / 1000, x];"""
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><b>\u202eevil\x1b[31m"
HOSTILE_SHOWN = "<img src=x onerror=\"document.title='owned'\"><b>\\u{202e}evil"
WRITE = False
chromium = None


def setUpModule():
    global chromium  # pylint: disable=global-statement
    why = browser.missing()
    if why:
        raise unittest.SkipTest(why)
    chromium = browser.Browser()
    unittest.addModuleCleanup(chromium.close)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Dashboard(Server):
    """At a port that stays the same when it starts again."""

    def __init__(self, *options):
        super().__init__(*options)
        self.tcp = ("127.0.0.1", free_port())
        self.write_tokens(f"full {FULL}", f"read {READ}")
        self.options += ("--admin", "%s:%d" % self.tcp, "--admin", f"unix:{self.socket}", "--admin-token",
                         self.token_file())
        self.origin = "http://%s:%d" % self.tcp

    def rest(self, path, method="GET", token=FULL):
        reply = request(self.tcp, f"/api/v1{path}", method, {"Authorization": f"Bearer {token}"})
        return reply.status, json.loads(reply.body) if reply.body else None

    def get(self, path):
        status, value = self.rest(path)
        assert status == 200, value
        return value

    def __enter__(self):
        os.makedirs(self.state, exist_ok=True)
        return super().__enter__()


class Load:
    """mainstay-bench at work, or stopped with its sessions held."""

    def __init__(self, server, sessions=SESSIONS):
        self.process = subprocess.Popen(
            [BENCH, "--target", f"127.0.0.1:{server.port}", "--op", "read:4096", "--conns", str(sessions),
             "--slots", "4", "--time", "3600"], stdout=subprocess.DEVNULL)
        wait_until(lambda: server.get("/server")["counts"]["sessions"] == sessions and
                   any(one["name"] == "READ" for one in server.get("/activity")["operations"]))

    def __enter__(self):
        return self

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Page:
    """The dashboard, with the rights of a token."""

    def __init__(self, origin, token=FULL):
        self.browser, self.driver = chromium, chromium.driver
        self.origin = origin
        self.driver.get(origin + "/dashboard/icon.svg")
        self.run("sessionStorage.clear(); localStorage.clear(); "
                 "if (arguments[0]) sessionStorage.setItem('mainstay-token', arguments[0])", token)
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(origin + "/")

    def run(self, script, *arguments):
        return self.browser.run(script, *arguments)

    def find(self, css):
        return self.driver.find_element("css selector", css)

    def text(self, css):
        return self.run("return document.querySelector(arguments[0])?.textContent ?? ''", css)

    def live(self):
        """Wait for the first figures."""
        wait_until(lambda: self.figure("Clients"))
        return self

    def figure(self, title):
        return self.run("return [...document.querySelectorAll('#counts div')].find((one) => "
                        "one.firstChild.textContent === arguments[0])?.lastChild.textContent", title)

    def rows(self, table):
        """Of a table: the texts of each row."""
        return self.run("return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)]"
                        ".filter((row) => !row.querySelector('.none')).map((row) => [...row.cells].map("
                        "(cell) => cell.textContent))", table)

    def see(self, section):
        self.run("document.getElementById(arguments[0]).scrollIntoView({behavior: 'instant'})", section)

    def press(self, css):
        self.see_node(css)
        self.find(css).click()

    def see_node(self, css):
        self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center', behavior: 'instant'})", css)

    def keys(self, *keys):
        self.driver.switch_to.active_element.send_keys(*keys)

    def tab_to(self, css):
        """Go on by the keyboard until that has the focus; every stop must be seen."""
        for _ in range(400):
            webdriver_keys(self.driver, "\ue004")
            at, outline = self.run("const at = document.activeElement; return [at.matches(arguments[0]), "
                                   "getComputedStyle(at).outlineStyle !== 'none' || at === document.body]", css)
            assert outline, "a focus that is not seen: " + self.run("return document.activeElement.outerHTML")[:200]
            if at:
                return
        raise AssertionError(f"no way to {css} by keyboard")


def webdriver_keys(driver, key):
    browser.webdriver.ActionChains(driver).send_keys(key).perform()


def number(text):
    return int(text.replace(",", ""))


class Shown(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Dashboard()
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None)

    def test_loads_in_time(self):
        """The best of some loads on a quiet server, cold: without what the browser keeps."""
        loop_s = min(chromium.run(LOOP)[0] for _ in range(3))
        allowed_s = LOAD_S * max(1, loop_s / LOOP_S)
        best_s = None
        for _ in range(LOADS):
            chromium.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
            page = Page(self.server.origin).live()
            end_ms = page.run("const load = performance.getEntriesByType('navigation')[0].loadEventEnd; "
                              "return Math.max(load, ...performance.getEntriesByName(location.origin + "
                              "'/api/v1/activity').slice(0, 1).map((one) => one.responseEnd))")
            best_s = min(best_s or 3600, end_ms / 1000)
            if best_s < allowed_s:
                break
        print(f"loaded, with the first figures, in {best_s:.3f} s; {allowed_s:.3f} s are allowed here")
        self.assertLess(best_s, allowed_s)

    def test_under_load(self):
        with Load(self.server) as load:
            page = Page(self.server.origin).live()
            print("loaded under load in %.3f s" % page.run(
                "return performance.getEntriesByType('navigation')[0].loadEventEnd / 1000"))
            wait_until(lambda: any(row[0] == "READ" and row[2] not in ("–", "0") and row[4] != "–"
                                   for row in page.rows("operations-table")))
            for chart in ("ops-chart", "bytes-chart", "latency-chart"):
                wait_until(lambda chart=chart: "L" in (page.run(  # a line, of two points at least
                    "return document.querySelector(`#${arguments[0]} path`).getAttribute('d')", chart) or ""))
            self.assertRegex(page.text("#bytes-now"), r"read [1-9].*B/s")
            self.assertRegex(page.text("#latency-now"), r"p50 .+s, p99 .+s")
            self.assertIn("serving", page.text("#server"))
            self.lists(page)
            load.pause()
            self.values(page)
            self.assertEqual(chromium.errors(), [])
            self.origins(page)
            load.go_on()
            if WRITE:
                self.pictures(page)

    def lists(self, page):
        page.see("sessions")
        wait_until(lambda: len(page.rows("sessions-table")) == ROWS)
        sessions = {(one["client_owner"], f"of {one['slots']}") for one in self.server.get("/sessions")["items"]}
        for row in page.rows("sessions-table"):
            self.assertIn((row[0], row[1][row[1].index("of"):]), sessions)
        wait_until(lambda: page.text("#sessions-pages span") == f"1 to {ROWS}")
        seen = {row[4] for row in page.rows("sessions-table")}
        for first in range(ROWS + 1, SESSIONS, ROWS):
            page.press("#sessions-pages button:nth-of-type(2)")
            wait_until(lambda first=first: page.text("#sessions-pages span") == f"{first} to {first + ROWS - 1}")
            seen |= {row[4] for row in page.rows("sessions-table")}
        self.assertEqual(len(seen), SESSIONS)  # each with its connection
        page.press("#sessions-pages button:nth-of-type(2)")  # a full page may be the last one: there are no more
        wait_until(lambda: page.find("#sessions-pages button:nth-of-type(1)").is_enabled() and
                   not page.find("#sessions-pages button:nth-of-type(2)").is_enabled())
        self.assertEqual(page.text("#sessions-pages span"), f"{SESSIONS - ROWS + 1} to {SESSIONS}")

    def values(self, page):
        """With the load stopped, nothing that the page shows changes, and all of it is what REST says."""
        def same():
            activity = self.server.get("/activity")
            operations = {(one["name"], str(one["minor"])): one["count"] for one in activity["operations"]}
            shown = {(row[0], row[1]): number(row[8]) for row in page.rows("operations-table")}
            expected = {name: count for name, count in activity["counts"].items() if name != "revoked_opens"}
            counts = {name: number(page.figure(name.capitalize())) for name in expected}
            return (shown, counts) == (operations, expected) and \
                page.figure("Recalls in flight") == str(activity["recalls"]["in_flight"]) and \
                page.figure("Callbacks in flight") == str(activity["callbacks"]["in_flight"])

        wait_until(same)
        page.see("exports")
        export = self.server.get("/exports")["items"][0]
        wait_until(lambda: page.rows("exports-table") and page.rows("exports-table")[0][0] == export["path"] and
                   page.rows("exports-table")[0][7:] == [str(export["uses"][name]) for name in
                                                         ("clients", "opens", "delegations")])
        loops = self.server.get("/activity")["loops"]
        self.assertEqual([row[:2] for row in page.rows("loops-table")],
                         [[str(one["number"]), str(one["connections"])] for one in loops])

    def origins(self, page):
        """Whatever the browser has asked for since the page was opened."""
        urls = set()
        for entry in chromium.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                urls.add(message["params"]["request"]["url"])
        self.assertGreater(len(urls), 20)
        self.assertEqual([url for url in urls if not url.startswith(page.origin + "/")], [])

    def pictures(self, page):
        os.makedirs(PICTURES, exist_ok=True)
        client = nfs.Client(self.server.port, "Linux NFSv4.2 web1.example.org")
        self.addCleanup(client.close)
        session = client.start()
        session.call(*nfs.lock(session.opened("orders.db"), client.clientid))
        page.run("document.getElementById('file-path').value = '/orders.db'")
        page.press("#file-form button")
        time.sleep(PICTURE_S)
        page.run("scrollTo({top: 0, behavior: 'instant'})")
        for scheme in ("light", "dark"):
            chromium.colours(scheme)
            chromium.width(1100, 1330)
            page.run("return new Promise((done) => setTimeout(done, 2000))")
            name = os.path.join(PICTURES, f"dashboard-{scheme}.png")
            chromium.driver.save_screenshot(name)
            self.assertLess(os.path.getsize(name), PICTURE_BYTES)
        chromium.colours("light")
        chromium.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def test_events(self):
        page = Page(self.server.origin).live()
        wait_until(lambda: page.text("#events-state") == "following")
        request(self.server.tcp, "/api/v1/server", fields={"Origin": "http://evil.example", "Host": "127.0.0.1"})
        wait_until(lambda: "admin.refused" in page.text("#events-lines"))
        page.press("#events-pause")
        wait_until(lambda: page.text("#events-state") == "paused")

    def test_rates(self):
        """Of two answers; none over a restart; quantiles as Prometheus has them, but above all bounds."""
        Page(self.server.origin)
        found = chromium.promise("""(async () => {
            const {History} = await import("/dashboard/history.js");
            const {quantile} = await import("/dashboard/quantile.js");
            const answer = (s, count, counts, read) => ({
                started: "x", instance: "y", monotonic_s: s, requests: {count}, bytes: {read, written: 0},
                operations: [{minor: 1, name: "READ", count, errors: count / 10,
                              durations: {le_s: [0.001, 0.002], counts}}]});
            const history = new History(), rates = [];
            history.add(answer(10, 100, [100, 0, 0], 0), 0);
            rates.push(history.latest);
            history.add(answer(12, 300, [200, 100, 0], 8192), 2);
            rates.push(history.latest.rate, history.latest.read, history.latest.operations[0].errors,
                       history.latest.p50, history.latest.p99);
            history.add({...answer(13, 400, [0, 0, 400], 8192), started: "z"}, 3);
            rates.push(history.latest, history.line("rate").points);
            return [...rates, quantile(0.5, [1, 2], [0, 0, 0]), String(quantile(0.99, [1, 2], [0, 0, 5]))];
        })()""")
        self.assertEqual(found, [None, 100, 4096, 10, 0.001, 0.00198, None, [[2, 100], [3, None]], None,
                                 "Infinity"])

    def test_above_all_bounds(self):
        """What took longer than the histogram tells is shown as that, and drawn at the top."""
        Page(self.server.origin)
        self.assertEqual(chromium.promise("""(async () => {
            const {Chart} = await import("/dashboard/chart.js");
            const {latency} = await import("/dashboard/format.js");
            const place = document.createElement("div"), chart = new Chart(place, ["p99"], latency);
            chart.show([[[0, 0.1], [30, Infinity]]], 30);
            return [place.querySelector("path").getAttribute("d"), place.querySelectorAll(".legend span")[1].textContent];
        })()"""), ["M0.0 5.0L300.0 5.0", "top: > 10 s"])


class Forward:
    """A TCP port that leads to a socket, as `ssh -L` makes one: whoever connects has the rights of this process."""

    def __init__(self, path):
        self.path = path
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                peer = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.carry, args=(peer,), daemon=True).start()

    def carry(self, peer):
        with peer, socket.socket(socket.AF_UNIX) as server:
            try:
                server.connect(self.path)
                while True:
                    for one in select.select([peer, server], [], [])[0]:
                        data = one.recv(1 << 16)
                        if not data:
                            return
                        (server if one is peer else peer).sendall(data)
            except OSError:
                pass

    def close(self):
        self.listener.close()


class Rights(unittest.TestCase):
    def setUp(self):
        self.server = Dashboard()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None)
        self.client = nfs.Client(self.server.port, HOSTILE)
        self.addCleanup(self.client.close)
        self.session = self.client.start()
        self.opened = self.session.opened("held")
        self.session.call(*nfs.lock(self.opened, self.client.clientid))

    def held(self, noun="opens"):
        return self.server.get(f"/{noun}?path=/held")["items"]

    def search(self, page, path="/held"):
        page.run("document.getElementById('file-path').value = arguments[0]", path)
        page.press("#file-form button")
        wait_until(lambda: page.text("#file-result").startswith(path))

    def test_search_and_revoke(self):
        page = Page(self.server.origin).live()
        self.search(page)
        self.assertEqual(page.text("#file-result"), "/held: 1 open, 1 lock, no delegations.")
        (row,) = page.rows("file-opens")
        self.assertTrue(row[0].startswith(HOSTILE_SHOWN), row)
        self.assertEqual(row[1:5], ["owner", "both", "none", "1"])
        self.assertEqual(page.rows("file-locks")[0][1:4], ["locker", "write", "0, 10 bytes"])
        self.assertEqual(page.run("return [document.title, document.querySelectorAll('td img, th img, td b').length]"),
                         ["Mainstay", 0])
        page.press("#file-opens .write.danger")
        self.assertTrue(page.find("#confirm-dialog").is_displayed())
        self.assertIn("<img src=x", page.text("#confirm-text"))
        self.assertEqual(page.run("return document.activeElement.id"), "confirm-no")
        page.press("#confirm-no")
        self.assertFalse(page.find("#confirm-dialog").is_displayed())
        self.assertEqual(len(self.held()), 1)
        page.press("#file-opens .write.danger")
        page.press("#confirm-yes")
        wait_until(lambda: not self.held() and not self.held("locks"))
        wait_until(lambda: page.text("#file-result") == "/held: no opens, no locks, no delegations.")
        self.assertFalse(page.find("#confirm-dialog").is_displayed())
        self.assertEqual(chromium.errors(), [])

    def test_no_such_file(self):
        page = Page(self.server.origin).live()
        page.run("document.getElementById('file-path').value = '/none'")
        page.press("#file-form button")
        wait_until(lambda: page.text("#file-result") == "There is no file /none.")

    def test_evict(self):
        page = Page(self.server.origin).live()
        page.see("clients")
        wait_until(lambda: len(page.rows("clients-table")) == 1)
        page.press("#clients-table td button:not(.write)")
        wait_until(lambda: self.client.id in page.text("#client-facts"))
        page.press("#client-close")
        page.press("#clients-table .write.danger")
        page.press("#confirm-yes")
        wait_until(lambda: not self.server.get("/clients")["items"])
        wait_until(lambda: not page.rows("clients-table"))

    def test_details_that_come_late(self):
        """They are not shown as those of the client that was chosen since."""
        other = nfs.Client(self.server.port, "other")
        self.addCleanup(other.close)
        other.start()
        page = Page(self.server.origin).live()
        page.see("clients")
        wait_until(lambda: len(page.rows("clients-table")) == 2)
        page.run("""const fetched = window.fetch, path = `/clients/${arguments[0]}`;
            window.fetch = async (url, ...rest) => {
                if (url.endsWith(path))
                    await new Promise((go) => { window.release = go; });
                return fetched(url, ...rest);
            };""", self.client.id)
        page.press("#clients-table button[aria-label^='Details of <img']")
        page.press("#client-close")
        page.press("#clients-table button[aria-label='Details of other']")
        wait_until(lambda: other.id in page.text("#client-facts"))
        self.assertEqual(chromium.promise("""(async () => {
            const {get} = await import("/dashboard/api.js");
            window.release();
            for (let n = 0; n < 20; n++)
                await get("/access");
        })()"""), None)
        self.assertIn(other.id, page.text("#client-facts"))
        self.assertEqual(page.text("#client-title"), "other")

    def test_no_answer_about_rights(self):
        """The page asks again, if the token was refused and there was no answer to what it may do."""
        page = Page(self.server.origin).live()
        page.run("""const fetched = window.fetch;
            window.fetch = async (url, ...rest) => {
                if (url.endsWith("/activity") && !window.refused) {
                    window.refused = true;
                    return new Response("{}", {status: 401});
                }
                if (url.endsWith("/access") && !window.silent) {
                    window.silent = true;
                    throw new TypeError("gone");
                }
                return fetched(url, ...rest);
            };""")
        wait_until(lambda: page.run("return window.silent === true"))
        wait_until(lambda: page.text("#state") == "serving")

    def test_read_only(self):
        page = Page(self.server.origin, READ).live()
        self.search(page)
        for section, table in (("sessions", "sessions-table"), ("clients", "clients-table"), ("files", "file-opens")):
            page.see(section)
            wait_until(lambda table=table: page.rows(table))
            buttons = page.driver.find_elements("css selector", f"#{table} .write.danger")
            self.assertEqual(len(buttons), 1)
            self.assertFalse(buttons[0].is_displayed())
            self.assertFalse(page.run("arguments[0].focus(); return document.activeElement === arguments[0]",
                                      buttons[0]))
        # What the buttons would do is refused all the same.
        self.assertEqual(chromium.promise(
            "import('/dashboard/api.js').then((api) => api.remove('/opens/' + arguments[0]))"
            ".catch((error) => error.status)", self.held()[0]["id"]), 403)
        self.assertEqual(len(self.held()), 1)

    def test_token(self):
        """It is asked for, is kept in this tab alone, and is forgotten."""
        page = Page(self.server.origin, None)
        wait_until(lambda: page.find("#token-dialog").is_displayed())
        self.assertEqual(chromium.errors(), [])
        self.assertEqual(page.run("return document.activeElement.id"), "token")
        self.assertFalse(page.find("#token-warning").is_displayed())
        self.assertEqual(page.find("#token").get_attribute("type"), "password")
        page.keys("x" * 30 + "\n")
        wait_until(lambda: "does not know" in page.text("#token-why"))
        page.keys(READ + "\n")
        page.live()
        self.assertFalse(page.find("#token-dialog").is_displayed())
        self.assertEqual(page.run("return [Object.values(sessionStorage), Object.values(localStorage), "
                                  "document.cookie, location.href]"), [[READ], [], "", self.server.origin + "/"])
        self.server.write_tokens(f"full {FULL}")  # it is taken away from us meanwhile
        self.server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: page.find("#token-dialog").is_displayed())
        page.keys(FULL + "\n")
        wait_until(lambda: not page.find("#token-dialog").is_displayed() and page.text("#state") == "serving")
        page.press("#forget")
        wait_until(lambda: page.find("#token-dialog").is_displayed())
        self.assertEqual(page.run("return Object.values(sessionStorage)"), [])

    def test_token_for_all_to_see(self):
        """An address that is not the browser's own machine, without HTTPS."""
        page = Page(f"http://{browser.ELSEWHERE}:{self.server.tcp[1]}", None)
        wait_until(lambda: page.find("#token-warning").is_displayed())

    def test_by_keyboard(self):
        """From the top of the page: find the holder of a file, and revoke its open."""
        page = Page(self.server.origin).live()
        page.tab_to("a.skip")
        page.tab_to("#file-path")
        page.keys("/held\n")
        wait_until(lambda: page.text("#file-result").startswith("/held"))
        page.tab_to("#file-opens .write.danger")
        page.keys("\n")
        self.assertTrue(page.find("#confirm-dialog").is_displayed())
        webdriver_keys(page.driver, "\ue00c")  # Escape
        wait_until(lambda: not page.find("#confirm-dialog").is_displayed())
        self.assertTrue(page.run("return document.activeElement.matches('#file-opens .write.danger')"))
        page.keys("\n")
        page.tab_to("#confirm-yes")
        page.keys("\n")
        wait_until(lambda: not self.held())


class Life(unittest.TestCase):
    def test_restart(self):
        with Dashboard() as server:
            client = nfs.Client(server.port, "client")
            client.start()
            page = Page(server.origin).live()
            self.assertEqual(page.figure("Clients"), "1")
            wait_until(lambda: page.text("#events-state") == "following")
            server.stop()
            wait_until(lambda: page.text("#state") == "no answer")
            self.assertTrue(page.find("#notice").is_displayed())
            self.assertIn("does not answer", page.text("#notice"))
            self.assertEqual(page.figure("Clients"), "1")  # what it said last
            server.start()
            wait_until(lambda: page.text("#state") in ("serving", "grace period"))
            self.assertFalse(page.find("#notice").is_displayed())
            wait_until(lambda: page.figure("Clients") == "0" and page.text("#events-state") == "following")
            client.close()

    def test_silence(self):
        """A server that takes requests and does not answer is not shown as serving for long."""
        with Dashboard() as server:
            page = Page(server.origin).live()
            server.process.send_signal(signal.SIGSTOP)
            since = time.monotonic()
            try:
                wait_until(lambda: page.text("#state") == "no answer" or time.monotonic() - since > SILENCE_S)
                self.assertEqual(page.text("#state"), "no answer")
            finally:
                server.process.send_signal(signal.SIGCONT)
            wait_until(lambda: page.text("#state") == "serving")

    def test_too_many_readers_of_events(self):
        """The page says so, goes on without, and follows them as soon as there is room."""
        with Dashboard() as server:
            with contextlib.ExitStack() as readers:
                for _ in range(READERS):
                    peer = readers.enter_context(socket.create_connection(server.tcp, TIMEOUT_S))
                    peer.sendall("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n"
                                 f"Authorization: Bearer {READ}\r\n\r\n".encode())
                    self.assertTrue(peer.recv(1 << 16).startswith(b"HTTP/1.1 200"))
                page = Page(server.origin).live()
                wait_until(lambda: "as many readers" in page.text("#events-state"))
                self.assertEqual(page.text("#state"), "serving")
            wait_until(lambda: page.text("#events-state") == "following")

    def test_many_clients(self):
        """A page of them has as many rows as one of few."""
        with Dashboard() as server:
            connection = nfs.Connection(server.port)
            for n in range(CLIENTS):
                connection.value(1, (nfs.EXCHANGE_ID, b"verifier" + nfs.opaque(f"client-{n}") + nfs.u32(0, 0, 0)))
            page = Page(server.origin).live()
            wait_until(lambda: page.figure("Clients") == f"{CLIENTS:,}")
            page.see("clients")
            wait_until(lambda: len(page.rows("clients-table")) == ROWS)
            page.run("document.getElementById('clients-filter').value = 'client-777'")
            page.press("#clients-form button")
            wait_until(lambda: [row[0] for row in page.rows("clients-table")] == ["client-777"])
            self.assertLess(page.run("return document.querySelectorAll('*').length"), 3000)
            connection.close()


class Everybody(unittest.TestCase):
    """Screen readers, small screens, and eyes that need contrast."""

    def test_all(self):
        with Dashboard() as server, Load(server, 3):
            client = nfs.Client(server.port, HOSTILE)
            session = client.start()
            session.opened("held")
            page = Page(server.origin).live()
            page.run("document.getElementById('file-path').value = '/held'")
            page.press("#file-form button")
            for section in ("sessions", "clients", "exports", "files"):
                page.see(section)
                wait_until(lambda: page.rows({"files": "file-opens"}.get(section, f"{section}-table")))
            self.assertEqual(page.run(browser.COMPLAINTS), [])
            for choice in ("light", "dark"):
                page.run("const theme = document.getElementById('theme'); theme.value = arguments[0]; "
                         "theme.dispatchEvent(new Event('change'))", choice)
                self.contrast(page, choice)
            page.run("localStorage.clear()")
            for scheme in ("dark", "light"):
                chromium.colours(scheme)
                page = Page(server.origin).live()
                wait_until(lambda: page.rows("operations-table"))
                self.contrast(page, f"the system's {scheme}")
            self.small(page)
            client.close()

    def contrast(self, page, what):
        found = page.run(browser.CONTRAST)
        self.assertGreater(len(found), 60)
        self.assertEqual([one for one in found if one[1] < one[2]], [], what)
        page.press("#clients-form button")
        self.assertEqual(page.run("return getComputedStyle(document.body).color") == "rgb(23, 33, 43)",
                         what.endswith("light"))

    def small(self, page):
        """As wide as a phone: only tables scroll to the side."""
        chromium.width(360)
        self.addCleanup(chromium.driver.execute_cdp_cmd, "Emulation.clearDeviceMetricsOverride", {})
        self.assertLessEqual(page.run("return document.documentElement.scrollWidth"), 360)
        page.run("document.getElementById('confirm-dialog').showModal()")
        self.assertLessEqual(page.run("return document.getElementById('confirm-dialog').getBoundingClientRect().right"),
                             360)


class Strange:
    """A page of another site."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<!DOCTYPE html><title>strange</title>")

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# What a page can try: to read, to order, to embed.
ATTACK = """(async (at) => {
    const got = [], tried = async (name, work) => got.push([name, await work().catch((error) => "refused")]);
    for (const path of ["/", "/api/v1/clients", "/api/v1/access", "/dashboard/main.js"]) {
        await tried("read " + path, async () => (await fetch(at + path)).text());
        await tried("read blindly " + path, async () => (await fetch(at + path, {mode: "no-cors"})).text());
    }
    for (const [method, path] of [["POST", "/api/v1/drain?timeout_s=0"], ["POST", "/api/v1/reload"],
                                  ["DELETE", "/api/v1/clients/" + "CLIENT"], ["PATCH", "/api/v1/settings"]]) {
        await tried(method, async () => (await fetch(at + path, {method})).text());
        if (method === "POST")
            await tried("blindly", async () => (await fetch(at + path, {method, mode: "no-cors"})).text());
    }
    const frame = document.body.appendChild(document.createElement("iframe"));
    await new Promise((done) => { frame.onload = done; frame.src = at + "/"; });
    got.push(["frame", frame.contentDocument ? "seen" : "refused"]);
    const script = document.createElement("script");
    script.type = "module";
    got.push(["script", await new Promise((done) => {
        script.onload = () => done("run"); script.onerror = () => done("refused");
        script.src = at + "/dashboard/theme.js"; document.body.append(script); })]);
    return got;
})(arguments[0])"""


class OtherSites(unittest.TestCase):
    """Beside a way to the server's socket, where a browser has all rights without a token."""

    def setUp(self):
        self.server = Dashboard()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None)
        self.way = Forward(self.server.socket)
        self.addCleanup(self.way.close)
        self.client = nfs.Client(self.server.port, "client")
        self.addCleanup(self.client.close)
        self.client.start()

    def unharmed(self):
        self.assertEqual(self.server.get("/server")["phase"], "serving")
        self.assertEqual([one["id"] for one in self.server.get("/clients")["items"]], [self.client.id])

    def test_own_page(self):
        """Without a token; and by the name that browsers have for this machine."""
        for host in ("127.0.0.1", "localhost"):
            page = Page(f"http://{host}:{self.way.port}", None).live()
            self.assertFalse(page.find("#token-dialog").is_displayed())
            self.assertEqual(page.figure("Clients"), "1")
        page.see("clients")
        wait_until(lambda: page.rows("clients-table"))
        page.press("#clients-table .write.danger")
        page.press("#confirm-yes")
        wait_until(lambda: not self.server.get("/clients")["items"])

    def test_pages_of_others(self):
        strange = Strange()
        self.addCleanup(strange.close)
        attack = ATTACK.replace("CLIENT", self.client.id)
        for host in ("127.0.0.1", "localhost", "evil.example"):  # of the same site, and of others
            chromium.driver.get(f"http://{host}:{strange.port}/")
            found = chromium.promise(attack, f"http://127.0.0.1:{self.way.port}")
            self.assertIsInstance(found, list, found)
            self.assertGreater(len(found), 12)
            for name, got in found:
                self.assertIn(got, ("refused", ""), (host, name))
        self.unharmed()

    def test_a_name_that_leads_here(self):
        """A page whose name leads to this machine is of the same origin as the server, for the browser."""
        chromium.driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})  # it has had a policy of its own
        self.addCleanup(chromium.driver.execute_cdp_cmd, "Page.setBypassCSP", {"enabled": False})
        chromium.driver.get(f"http://evil.example:{self.way.port}/")
        self.assertIn("address this server by number", chromium.run("return document.body.textContent"))
        for method, path in (("GET", "/api/v1/clients"), ("POST", "/api/v1/drain"),
                             ("DELETE", f"/api/v1/clients/{self.client.id}")):
            status = chromium.promise("fetch(arguments[0], {method: arguments[1]}).then((reply) => reply.status)",
                                      path, method)
            self.assertEqual(status, 403, path)
        self.unharmed()


if __name__ == "__main__":
    if "--write" in sys.argv:
        sys.argv.remove("--write")
        WRITE = True
    suite.run()
