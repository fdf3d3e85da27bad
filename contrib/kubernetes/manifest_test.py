#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manifest mainstay.yaml: its fields are those of Kubernetes, as far as it uses any, what it refers to is there,
the policy `restricted` of Pod Security lets it in, and the server takes its configuration.

    manifest_test.py --schemas DIR

validates it against all of Kubernetes instead: DIR has the JSON schemas of one release (statefulset-apps-v1.json, ...),
such as a folder `...-standalone-strict` of yannh/kubernetes-json-schema."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("MAINSTAY_SOURCE", os.path.join(HERE, "../.."))
BIN = os.environ.get("MAINSTAY_BIN", os.path.join(ROOT, "build"))
NAME = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"}
PORT_NAME = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$"}
PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
QUANTITY = {"type": "string", "pattern": "^[0-9]+(m|[KMGT]i)?$"}
TEXT, FLAG, COUNT = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "minimum": 0}
TEXTS = {"type": "object", "additionalProperties": TEXT}
WORDS = {"type": "array", "items": TEXT, "minItems": 1}


def thing(required=(), **members):
    """An object with these members and no others, of which those must be there."""
    return {"type": "object", "properties": members, "required": list(required), "additionalProperties": False}


def many(schema):
    return {"type": "array", "items": schema, "minItems": 1}


def resource(kind, version, **members):
    return thing(("apiVersion", "kind", "metadata", *members), apiVersion={"const": version}, kind={"const": kind},
                 metadata=thing(("name",), name=NAME, labels=TEXTS), **members)


PROBE = thing(("exec",), exec=thing(("command",), command=WORDS), periodSeconds=COUNT, timeoutSeconds=COUNT,
              failureThreshold=COUNT)
CONTAINER = thing(
    ("name", "image"), name=NAME, image=TEXT, command=WORDS,
    startupProbe=PROBE, livenessProbe=PROBE, readinessProbe=PROBE,
    ports=many(thing(("containerPort",), name=PORT_NAME, containerPort=PORT, protocol={"const": "TCP"})),
    resources=thing(requests=thing(cpu=QUANTITY, memory=QUANTITY), limits=thing(memory=QUANTITY)),
    securityContext=thing(allowPrivilegeEscalation=FLAG, readOnlyRootFilesystem=FLAG,
                          capabilities=thing(drop=many(TEXT))),
    volumeMounts=many(thing(("name", "mountPath"), name=NAME, mountPath=TEXT, readOnly=FLAG)))
VOLUME = thing(("name",), name=NAME, configMap=thing(name=NAME), secret=thing(secretName=NAME),
               emptyDir=thing(medium={"enum": ["", "Memory"]}, sizeLimit=QUANTITY))
POD = thing(
    ("containers",), automountServiceAccountToken=FLAG, enableServiceLinks=FLAG, terminationGracePeriodSeconds=COUNT,
    securityContext=thing(runAsNonRoot=FLAG, runAsUser=COUNT, fsGroup=COUNT,
                          fsGroupChangePolicy={"enum": ["Always", "OnRootMismatch"]}, seccompProfile=thing(type=TEXT)),
    initContainers=many(CONTAINER), containers=many(CONTAINER), volumes=many(VOLUME))
CLAIM = thing(("metadata", "spec"), metadata=thing(("name",), name=NAME),
              spec=thing(accessModes=many({"enum": ["ReadWriteOnce", "ReadWriteOncePod"]}),
                         resources=thing(requests=thing(storage=QUANTITY))))
SCHEMAS = {
    "ConfigMap": resource("ConfigMap", "v1", data=TEXTS),
    "Service": resource("Service", "v1", spec=thing(
        ("selector", "ports"), selector=TEXTS, publishNotReadyAddresses=FLAG,
        ports=many(thing(("port",), name=PORT_NAME, port=PORT, targetPort={"anyOf": [PORT, PORT_NAME]},
                         protocol={"const": "TCP"})))),
    "StatefulSet": resource("StatefulSet", "apps/v1", spec=thing(
        ("selector", "serviceName", "template"), serviceName=NAME, replicas=COUNT, selector=thing(matchLabels=TEXTS),
        template=thing(("metadata", "spec"), metadata=thing(labels=TEXTS), spec=POD),
        volumeClaimTemplates=many(CLAIM))),
}


class Manifest(unittest.TestCase):
    def setUp(self):
        with open(os.path.join(HERE, "mainstay.yaml"), encoding="utf-8") as file:
            self.found = {one["kind"]: one for one in yaml.safe_load_all(file)}
        self.set = self.found["StatefulSet"]["spec"]
        self.pod = self.set["template"]["spec"]
        self.server = self.pod["containers"][0]

    def test_fields(self):
        self.assertEqual(set(self.found), set(SCHEMAS))
        for kind, one in self.found.items():
            jsonschema.validate(one, SCHEMAS[kind])

    def test_references(self):
        """What a name stands for is there."""
        labels = self.set["template"]["metadata"]["labels"]
        self.assertEqual(self.set["selector"]["matchLabels"], labels)
        self.assertEqual(self.found["Service"]["spec"]["selector"], labels)
        self.assertEqual(self.set["serviceName"], self.found["Service"]["metadata"]["name"])
        volumes = {volume["name"] for volume in self.pod["volumes"]}
        self.assertEqual([sorted(volume) for volume in self.pod["volumes"] if len(volume) != 2], [])
        volumes |= {claim["metadata"]["name"] for claim in self.set["volumeClaimTemplates"]}
        mounted = [mount["name"] for one in (*self.pod["initContainers"], self.server) for mount in one["volumeMounts"]]
        self.assertEqual(set(mounted), volumes)
        ports = {port["name"]: port["containerPort"] for port in self.server["ports"]}
        for port in self.found["Service"]["spec"]["ports"]:
            self.assertEqual(ports[port["targetPort"]], port["port"])
        maps = {volume["configMap"]["name"] for volume in self.pod["volumes"] if "configMap" in volume}
        self.assertEqual(maps, {self.found["ConfigMap"]["metadata"]["name"]})

    def test_image(self):
        """Volumes, ports and the place of the configuration are those of the image."""
        with open(os.path.join(ROOT, "contrib/container/Containerfile"), encoding="utf-8") as file:
            text = file.read()
        paths = {mount["name"]: mount["mountPath"] for mount in self.server["volumeMounts"]}
        self.assertEqual({paths["state"], paths["export"]}, set(re.search(r"(?m)^VOLUME (.*)", text)[1].split()))
        key, = self.found["ConfigMap"]["data"]
        self.assertIn(f"{paths['configuration']}/{key}", re.search(r"(?m)^ENTRYPOINT (.*)", text)[1])
        user = re.search(r"(?m)^USER (\d+):", text)[1]
        self.assertEqual(str(self.pod["securityContext"]["runAsUser"]), user)

    def test_restricted(self):
        """The rules of Pod Security's policy `restricted`; and one server to a state directory."""
        self.assertEqual(self.set["replicas"], 1)
        self.assertEqual(self.pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertIs(self.pod["securityContext"]["runAsNonRoot"], True)
        self.assertNotEqual(self.pod["securityContext"]["runAsUser"], 0)
        for one in (*self.pod["initContainers"], self.server):
            self.assertIs(one["securityContext"]["allowPrivilegeEscalation"], False)
            self.assertEqual(one["securityContext"]["capabilities"], {"drop": ["ALL"]})

    def test_probes(self):
        """They are commands that the tool has."""
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            program, *words = self.server[kind]["exec"]["command"]
            self.assertEqual(program, "mainstay")
            done = subprocess.run([os.path.join(BIN, program), *words, "--help"], stdout=subprocess.PIPE, text=True,
                                  check=True)
            self.assertIn("usage: mainstay " + " ".join(words), done.stdout)

    def test_configuration(self):
        """With directories and a token that are here."""
        text, = self.found["ConfigMap"]["data"].values()
        with tempfile.TemporaryDirectory(prefix="mainstay-kubernetes-") as folder:
            for name in ("state", "export"):
                os.mkdir(os.path.join(folder, name))
            token, config = os.path.join(folder, "tokens"), os.path.join(folder, "conf")
            for path, content in ((token, "read token-of-the-tests-0001\n"),
                                  (config, text.replace("/var/lib/mainstay", f"{folder}/state")
                                   .replace("/export", f"{folder}/export").replace("/run/mainstay/tokens", token)
                                   .replace(":2049", ":0").replace(":9101", ":0"))):
                with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                    file.write(content)
            command = [os.path.join(BIN, "mainstayd"), "--config", config, "--state", f"{folder}/state", "--check"]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)


def validate(folder):
    with open(os.path.join(HERE, "mainstay.yaml"), encoding="utf-8") as file:
        for one in yaml.safe_load_all(file):
            group = one["apiVersion"].replace("/", "-")
            with open(os.path.join(folder, f"{one['kind'].lower()}-{group}.json"), encoding="utf-8") as schema:
                jsonschema.validate(one, json.load(schema))
            print(f"{one['kind']}: valid")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--schemas"]:
        validate(sys.argv[2])
    else:
        unittest.main()
