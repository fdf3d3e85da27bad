#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The alerts of rules.yml, as Prometheus reads and evaluates them: each fires in rules_test.yml, asks for metrics that
there are, and has a section in docs/monitoring.md. And the example configurations."""

import glob
import os
import re
import shutil
import subprocess
import sys
import unittest

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("MAINSTAY_SOURCE", os.path.join(HERE, "../.."))
SKIPPED = 77
ENDINGS = "_(bucket|sum|count)$"


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def load(path):
    return yaml.safe_load(read(path))


def promtool(*arguments):
    done = subprocess.run(["promtool", *arguments], cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.returncode, done.stdout


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rules = [rule for group in load("contrib/prometheus/rules.yml")["groups"] for rule in group["rules"]]

    def test_valid(self):
        code, said = promtool("check", "rules", "rules.yml")
        self.assertEqual(code, 0, said)
        self.assertIn(f"{len(self.rules)} rules found", said)

    def test_each_fires_and_stops(self):
        """For the server that has the trouble; at the beginning and at the end none does."""
        test, = load("contrib/prometheus/rules_test.yml")["tests"]
        fired = [[sample["labels"] for sample in one["exp_samples"]] for one in test["promql_expr_test"]]
        self.assertEqual((fired[0], fired[-1]), ([], []))
        expected = [f'{{alertname="{rule["alert"]}", instance="{rule["alert"]}"}}' for rule in self.rules]
        self.assertEqual(sorted(sum(fired, [])), sorted(expected))
        code, said = promtool("test", "rules", "rules_test.yml")
        self.assertEqual(code, 0, said)

    def test_metrics(self):
        """They are those of the guide, with labels that they have."""
        rows = re.findall(r"(?m)^\| `(mainstay_\w+)` \| (\w+) \| ([^|]*)\|", read("docs/metrics.md"))
        labels = {name: set(re.findall(r"\w+", label)) for name, _, label in rows}
        histograms = {name for name, kind, _ in rows if kind == "histogram"}
        used = set()
        for rule in self.rules:
            for name, matchers in re.findall(r"\b(mainstay_\w+)\{([^}]*)\}", rule["expr"]):
                if re.sub(ENDINGS, "", name) in histograms:
                    name = re.sub(ENDINGS, "", name)
                self.assertIn(name, labels, rule["alert"])
                asked = set(re.findall(r"(\w+)\s*[!=]", matchers))
                self.assertIn("job", asked, rule["alert"])
                self.assertEqual(asked - labels[name] - {"job"}, set(), rule["alert"])
                used.add(name)
            self.assertEqual(len(re.findall(r"mainstay_", rule["expr"])),
                             len(re.findall(r"mainstay_\w+\{", rule["expr"])), rule["alert"])
        self.assertGreater(len(used), 25)

    def test_guide(self):
        """Each alert has its section, and no section is about one that is not there."""
        sections = re.findall(r"(?m)^### (Mainstay\w+)$", read("docs/monitoring.md"))
        self.assertEqual(sections, [rule["alert"] for rule in self.rules])
        for rule in self.rules:
            self.assertEqual(set(rule["annotations"]), {"summary", "description", "runbook"})
            self.assertEqual(rule["annotations"]["runbook"], f"docs/monitoring.md#{rule['alert'].lower()}")
            self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"))
            self.assertIn("{{ $labels.instance }}", rule["annotations"]["summary"])


class Examples(unittest.TestCase):
    def test_configurations(self):
        """Prometheus takes them; files that they name are those of an administrator."""
        found = glob.glob(os.path.join(HERE, "prometheus*.yml"))
        self.assertEqual(len(found), 2)
        for path in found:
            code, said = promtool("check", "config", "--syntax-only", path)
            self.assertEqual(code, 0, said)
            jobs = [job["job_name"] for job in load(path)["scrape_configs"]]
            self.assertEqual(jobs, ["mainstay"])  # that of the alerts


if __name__ == "__main__":
    if not shutil.which("promtool"):
        print("skipped: promtool is not installed (package prometheus)")
        sys.exit(SKIPPED)
    unittest.main()
