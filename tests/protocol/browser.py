# SPDX-License-Identifier: Apache-2.0
"""Chromium without a screen, for tests of pages; and what can be said of any page."""

import os
import shutil
import tempfile

PROGRAMS = ("chromium", "chromedriver")
try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
except ImportError:
    webdriver = None

TIMEOUT_S = 60
ELSEWHERE = "198.51.100.7"  # leads to this machine as well, but not as far as the browser knows
# As a user without name spaces of its own, or as root, Chromium has no sandbox.  It gets no page but those of the test.
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-extensions",
           "--force-color-profile=srgb", "--hide-scrollbars", "--window-size=1280,1000",
           f"--host-resolver-rules=MAP evil.example 127.0.0.1,MAP {ELSEWHERE} 127.0.0.1")
# Of every element with text of its own: the contrast to what is behind it, and the least that WCAG 2.1 AA wants.
CONTRAST = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
};
const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, part, n) => {
    const v = c[n] / 255; return sum + part * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
}, 0);
const behind = (node) => {
    for (; node; node = node.parentElement) {
        const color = rgba(getComputedStyle(node).backgroundColor);
        if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
};
const found = [];
for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.checkVisibility() || node.matches(":disabled")) continue;
    const style = getComputedStyle(node), a = light(rgba(style.color)), b = light(behind(node));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), px = parseFloat(style.fontSize);
    const large = px >= 24 || px >= 18.66 && style.fontWeight >= 700;
    found.push([node.tagName + " " + node.textContent.slice(0, 40), ratio, large ? 3 : 4.5]);
}
return found;
"""
# What a screen reader would miss.
COMPLAINTS = """
const wrong = [], say = (what, node) => wrong.push(what + ": " + node.outerHTML.slice(0, 120));
const all = (selector) => [...document.querySelectorAll(selector)];
if (!document.documentElement.lang) wrong.push("no language");
if (!document.title) wrong.push("no title");
for (const landmark of ["header", "nav", "main"])
    if (all(landmark).length !== 1) wrong.push("not one " + landmark);
if (all("h1").length !== 1) wrong.push("not one h1");
let level = 0;
for (const node of all("h1, h2, h3, h4")) {
    if (+node.tagName[1] > level + 1) say("a level is left out", node);
    level = +node.tagName[1];
}
const ids = all("[id]").map((node) => node.id);
if (new Set(ids).size !== ids.length) wrong.push("an ID twice");
for (const node of all("[aria-labelledby], [aria-describedby], label[for], a[href^='#']")) {
    for (const name of ["aria-labelledby", "aria-describedby", "for"])
        for (const id of (node.getAttribute(name) ?? "").split(" ").filter(Boolean))
            if (!document.getElementById(id)) say("nothing has the ID " + id, node);
    if (node.hash && !document.getElementById(node.hash.slice(1))) say("a link to nothing", node);
}
for (const node of all("input, select, textarea"))
    if (!node.labels.length && !node.ariaLabel) say("no label", node);
for (const node of all("button, a"))
    if (!(node.ariaLabel || node.textContent.trim())) say("no name", node);
for (const node of all("img")) if (!node.hasAttribute("alt")) say("no alternative", node);
for (const node of all("svg"))
    if (node.getAttribute("aria-hidden") !== "true" && !(node.getAttribute("role") === "img" && node.ariaLabel))
        say("a picture without a name", node);
for (const node of all("table")) {
    if (!node.caption?.textContent) say("no caption", node);
    for (const head of node.querySelectorAll("th"))
        if (!head.scope || !head.textContent) say("no scope, or no text", head);
}
for (const node of all("section, dialog, [role=group], [role=log]"))
    if (!node.ariaLabel && !node.getAttribute("aria-labelledby")) say("no name", node);
for (const node of all("*"))
    if (node.tabIndex > 0) say("an order of its own", node);
return wrong;
"""


def missing():
    """Why there is no browser; None: there is one."""
    if not webdriver:
        return "python3-selenium is not installed"
    absent = [name for name in PROGRAMS if not shutil.which(name)]
    return f"{' and '.join(absent)} not installed" if absent else None


class Browser:
    """A Chromium with a profile of its own; `.driver` steers it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="mainstay-browser-")
        options = Options()
        options.binary_location = shutil.which("chromium")
        for option in (*OPTIONS, f"--user-data-dir={self.folder}/profile"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        environment = {**os.environ, "HOME": self.folder, "XDG_CONFIG_HOME": self.folder, "XDG_CACHE_HOME": self.folder}
        try:
            service = Service(shutil.which("chromedriver"), env=environment)
            self.driver = webdriver.Chrome(service=service, options=options)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self.driver.set_page_load_timeout(TIMEOUT_S)
        self.driver.set_script_timeout(TIMEOUT_S)

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def promise(self, expression, *arguments):
        """The value of a promise, or "error: why"."""
        return self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            f"({expression}).then(done, (e) => done('error: ' + e));", *arguments)

    def errors(self):
        """What the console has of errors since the last call.  The icon that Chromium looks for beside a document that
        names none, such as a picture, is no part of the page."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] == "SEVERE" and "/favicon.ico - " not in entry["message"]]

    def width(self, pixels, height=1000):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": pixels, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def colours(self, scheme):
        """What the system prefers: light or dark."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
