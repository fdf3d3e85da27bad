#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every operation of openapi.json, asked of a running server with a client at work: the status and the body are as
described, member by member, and an error is a problem.  That the file has all routes is for
unit.admin.api.api_routes.  S20-28."""

import json
import os
import re
import subprocess
import unittest
import urllib.parse

import jsonschema
from admin_server import BIN, Server, request, wait_until

BENCH = os.path.join(BIN, "mainstay-bench")
METHODS = ("get", "head", "put", "post", "patch", "delete")

# What is not answered as described for success: here there is nothing to end.
STATUS = {("post", "/api/v1/grace/end"): 409}
# Asked last of all, since the server does not live on as it was, in this order.
LAST = ("delete", "/api/v1/drain")
# A stream, which does not end.
STREAMS = ("text/event-stream",)
# An ID in a path, of which there need not be any: `/api/v1/opens/{id}`.
UNKNOWN = {"/api/v1/clients": "0" * 16, "/api/v1/sessions": "0" * 32}


def json_schema(value):
    """A schema of OpenAPI as JSON Schema: those of 3.1 are that already, but `nullable` is of 3.0."""
    if isinstance(value, list):
        return [json_schema(one) for one in value]
    if not isinstance(value, dict):
        return value
    schema = {name: json_schema(one) for name, one in value.items() if name != "nullable"}
    return {"anyOf": [schema, {"type": "null"}]} if value.get("nullable") is True else schema


class Description:
    """openapi.json with its references resolved."""

    def __init__(self, document):
        self.document = document
        self.components = {"schemas": json_schema(document["components"]["schemas"])}

    def resolve(self, value):
        while "$ref" in value and len(value) == 1:
            at = self.document
            for name in value["$ref"].removeprefix("#/").split("/"):
                at = at[name]
            value = at
        return value

    def operations(self):
        """(method, path, operation, all its parameters)"""
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    parameters = item.get("parameters", []) + item[method].get("parameters", [])
                    yield method, path, item[method], [self.resolve(one) for one in parameters]

    def validator(self, schema):
        return jsonschema.Draft202012Validator({**json_schema(schema), "components": self.components})


def objects(schema, where=""):
    """Each schema of an object that has members, with its place."""
    if isinstance(schema, dict):
        if "properties" in schema and isinstance(schema["properties"], dict):
            yield where, schema
        for name, value in schema.items():
            yield from objects(value, f"{where}/{name}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from objects(value, f"{where}/{number}")


class Openapi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()
        cls.addClassCleanup(cls.server.__exit__, None)
        target = ["--target", f"127.0.0.1:{cls.server.port}"]
        client = subprocess.Popen([BENCH, *target, "--op", "getattr", "--time", "600"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(client.wait)
        cls.addClassCleanup(client.kill)
        wait_until(lambda: re.search(rb"\nmainstay_sequence_total [1-9]\d\d",
                                     request(cls.server.socket, "/metrics").body))
        cls.description = Description(json.loads(cls.ask("get", "/api/v1/openapi.json").body))

    @classmethod
    def ask(cls, method, path, body=None):
        fields = {}
        if body is not None:
            body = json.dumps(body).encode()
            fields = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        return request(cls.server.socket, path, method.upper(), fields, body or b"")

    def test_the_file(self):
        """It is the one of the source, and leaves no member of a reply open."""
        with open(os.path.join(os.environ["MAINSTAY_SOURCE"], "src/admin/api/openapi.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file), self.description.document)
        document = self.description.document
        for name, schema in document["components"]["schemas"].items():
            jsonschema.Draft202012Validator.check_schema(json_schema(schema))
            for where, one in objects(schema, name):
                self.assertEqual(one.get("additionalProperties"), False, where)
                self.assertLessEqual(set(one.get("required", ())), set(one["properties"]), where)
        used = set(re.findall(r'"#/components/(\w+/[\w-]+)"', json.dumps(document)))
        there = {f"{kind}/{name}" for kind, of in document["components"].items() if kind != "securitySchemes"
                 for name in of}
        self.assertLessEqual(used, there)

    def test_parameters(self):
        for method, path, operation, parameters in self.description.operations():
            where = (method, path)
            self.assertTrue(operation["summary"], where)
            named = [one["name"] for one in parameters if one["in"] == "path"]
            self.assertEqual(named, re.findall(r"\{(\w+)\}", path), where)
            self.assertIn("default", operation["responses"], where)

    def test_operations(self):
        """Those that take something away come last."""
        rows = sorted(self.description.operations(), key=lambda row: [row[1] == LAST[1], row[0] == LAST[0]])
        self.assertGreater(len(rows), 5)
        for method, path, operation, parameters in rows:
            with self.subTest(method=method, path=path):
                self.expect_described(method, path, operation, parameters)

    def expect_described(self, method, path, operation, parameters):
        filled, found = self.fill(path, parameters)
        body = None
        for content in operation.get("requestBody", {}).get("content", {}).values():
            body = content["example"]
            self.description.validator(content["schema"]).validate(body)
        answers = operation["responses"]
        if self.is_stream(answers):
            return
        reply = self.ask(method, filled, body)
        wanted = STATUS.get((method, path), None if found else 404)
        if wanted is None:
            self.assertIn(str(reply.status), answers, reply.body)
            self.assertLess(reply.status, 300, reply.body)
        else:
            self.assertEqual(reply.status, wanted, reply.body)
        self.expect_as_in(reply, self.description.resolve(answers.get(str(reply.status), answers["default"])))

    def fill(self, path, parameters):
        """The path of something that is there, if there is any; and whether."""
        found = True
        for one in parameters:
            if one["in"] != "path":
                continue
            value = one.get("example")
            if value is None:
                value = self.first_of(path.partition("/{")[0], one["name"])
                found = value is not None
                value = value or UNKNOWN.get(path.partition("/{")[0], "0" * 24)
            path = path.replace("{" + one["name"] + "}", urllib.parse.quote(value, safe=""))
        return path, found

    def first_of(self, path, name):
        """What a list names its first item by."""
        body = json.loads(self.ask("get", path).body)
        items = next(value for value in body.values() if isinstance(value, list))
        return items[0].get(name) or items[0]["id"] if items else None

    @staticmethod
    def is_stream(answers):
        return any(kind in answers.get("200", {}).get("content", {}) for kind in STREAMS)

    def expect_as_in(self, reply, answer):
        contents = answer.get("content")
        if not contents:
            self.assertEqual((reply.body, reply.fields.get("content-type")), (b"", None))
            return
        self.assertIn(reply.fields["content-type"], contents)
        schema = contents[reply.fields["content-type"]]["schema"]
        self.description.validator(schema).validate(json.loads(reply.body))
        for name, header in answer.get("headers", {}).items():
            self.description.validator(self.description.resolve(header)["schema"]).validate(
                reply.fields[name.lower()])

    def test_methods(self):
        """A path has those methods that are described, and no others."""
        for path, item in self.description.document["paths"].items():
            methods = {method.upper() for method in METHODS if method in item}
            methods |= {"HEAD"} if "GET" in methods else set()
            reply = self.ask("options", path.replace("{", "").replace("}", ""))
            self.assertEqual(reply.status, 405, path)
            self.assertEqual(set(reply.fields["allow"].split(", ")), methods, path)
            problem = self.description.resolve({"$ref": "#/components/responses/Problem"})
            self.expect_as_in(reply, problem)


if __name__ == "__main__":
    unittest.main()
