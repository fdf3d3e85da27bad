#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compose.yaml, as docker-compose reads it: valid, with sources that are there, and with the services at the addresses,
and the files at the places, where the others look for them."""

import os
import shutil
import subprocess
import sys
import unittest

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
CONTRIB = os.path.dirname(HERE)
SKIPPED = 77


def config(**environment):
    """As it is after variables and paths are resolved."""
    command = ["docker-compose", "-f", os.path.join(HERE, "compose.yaml"), "config"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment})
    assert done.returncode == 0, done.stdout
    return yaml.safe_load(done.stdout)


def load(path):
    with open(os.path.join(CONTRIB, path), encoding="utf-8") as file:
        return yaml.safe_load(file)


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.found = config()
        cls.services = cls.found["services"]

    def mounts(self, service, found=None):
        """Place in the container -> (source, mode)."""
        lines = [volume.split(":") for volume in (found or self.found)["services"][service]["volumes"]]
        return {target: (source, mode) for source, target, mode in lines}

    def test_sources(self):
        volumes = set()
        for service in self.services:
            for target, (source, mode) in self.mounts(service).items():
                if source.startswith("/"):
                    self.assertTrue(os.path.isfile(source), source)
                    self.assertEqual(mode, "ro", target)
                else:
                    volumes.add(source)
        self.assertEqual(volumes, set(self.found["volumes"]))
        build = self.services["token"]["build"]
        self.assertTrue(os.path.isfile(os.path.join(build["context"], build["dockerfile"])))
        self.assertTrue(os.path.isfile(os.path.join(build["context"], ".containerignore")))
        self.assertEqual(self.services["token"]["image"], self.services["mainstay"]["image"])

    def test_variables(self):
        self.assertEqual(self.mounts("mainstay")["/export"], ("data", "rw"))
        found = config(EXPORT="/srv/data", GRAFANA_PASSWORD="other")
        self.assertEqual(self.mounts("mainstay", found)["/export"], ("/srv/data", "rw"))
        self.assertEqual(found["services"]["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD"], "other")

    def test_prometheus(self):
        """Its configuration names the server, the rules and the token by what they are called here."""
        prometheus = load("prometheus/prometheus.yml")
        job, = prometheus["scrape_configs"]
        name, port = job["static_configs"][0]["targets"][0].split(":")
        self.assertIn(f"--admin=0.0.0.0:{port}", self.services[name]["command"])
        mounts = self.mounts("prometheus")
        self.assertEqual(mounts[prometheus["rule_files"][0]][0], os.path.join(CONTRIB, "prometheus/rules.yml"))
        self.assertEqual(mounts["/etc/prometheus/prometheus.yml"][0], f"{CONTRIB}/prometheus/prometheus.yml")
        folder, token = os.path.split(job["authorization"]["credentials_file"])
        self.assertEqual(mounts[folder], ("token", "ro"))
        self.assertIn(f"mv new {token}", self.services["token"]["entrypoint"][-1])
        server = next(word for word in self.services["mainstay"]["command"] if word.startswith("--admin-token="))
        self.assertIn(f">{os.path.basename(server)}", self.services["token"]["entrypoint"][-1])
        self.assertEqual(self.mounts("mainstay")[os.path.dirname(server.partition("=")[2])], ("token", "ro"))

    def test_grafana(self):
        source = load("grafana/datasource.yaml")["datasources"][0]["url"].removeprefix("http://")
        name, port = source.split(":")
        self.assertEqual((name, port), ("prometheus", "9090"))
        self.assertIn(f"127.0.0.1:{port}:{port}/tcp", self.services[name]["ports"])
        mounts = self.mounts("grafana")
        folder = load("grafana/dashboards.yaml")["providers"][0]["options"]["path"]
        self.assertEqual(mounts[f"{folder}/mainstay.json"][0], os.path.join(CONTRIB, "grafana/mainstay.json"))
        for kind in ("datasource", "dashboard"):
            source, = [source for target, (source, _) in mounts.items()
                       if target.startswith(f"/etc/grafana/provisioning/{kind}s/")]
            self.assertTrue(source.startswith(f"{CONTRIB}/grafana/{kind}"), source)

    def test_what_others_reach(self):
        """NFS, and nothing else from other machines."""
        ports = [port for service in self.services.values() for port in service.get("ports", ())]
        others = [port for port in ports if not str(port).startswith("127.0.0.1:")]
        self.assertEqual([(port["published"], port["target"]) for port in others], [(2049, 2049)])
        self.assertEqual(self.services["mainstay"]["cap_drop"], ["ALL"])


if __name__ == "__main__":
    if not shutil.which("docker-compose"):
        print("skipped: docker-compose is not installed")
        sys.exit(SKIPPED)
    unittest.main()
