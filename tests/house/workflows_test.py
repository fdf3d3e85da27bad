# SPDX-License-Identifier: Apache-2.0
"""The workflows of .github: their form, as far as we use it, and that what they run and take exists."""

import glob
import os
import re
import shlex
import subprocess
import sys
import unittest

import jsonschema
import yaml

SOURCE = os.environ["MAINSTAY_SOURCE"]
NAMES = {"type": "object", "additionalProperties": {"type": "string"}}
STEP = {"type": "object", "additionalProperties": False,
        "oneOf": [{"required": ["run"]}, {"required": ["uses"]}],
        "properties": {"run": {"type": "string"}, "uses": {"type": "string", "pattern": "^[\\w-]+/[\\w-]+@v\\d+$"},
                       "with": NAMES, "env": NAMES}}
JOB = {"type": "object", "additionalProperties": False, "required": ["runs-on", "steps"],
       "properties": {"runs-on": {"type": "string"}, "timeout-minutes": {"type": "integer", "maximum": 360},
                      "needs": {"type": "string"}, "permissions": NAMES,
                      "strategy": {"type": "object", "additionalProperties": False, "required": ["matrix"],
                                   "properties": {"matrix": {"type": "object",
                                                             "additionalProperties": {"type": "array", "minItems": 1}}}},
                      "container": {"type": "object", "additionalProperties": False, "required": ["image"],
                                    "properties": {"image": {"type": "string"}, "options": {"type": "string"}}},
                      "steps": {"type": "array", "minItems": 1, "items": STEP}}}
WORKFLOW = {"type": "object", "additionalProperties": False, "required": ["name", "on", "permissions", "jobs"],
            "properties": {"name": {"type": "string"}, "on": {"type": "object"}, "permissions": NAMES,
                           "jobs": {"type": "object", "minProperties": 1, "additionalProperties": JOB}}}
# What a step may run that is not ours.
PROGRAMS = {"apt-get", "cp", "gh", "git"}


class Loader(yaml.SafeLoader):
    """With `on` as a word, as in YAML 1.2."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def workflows():
    """{file name: content}"""
    found = {}
    for path in glob.glob(os.path.join(SOURCE, ".github", "workflows", "*")):
        with open(path, encoding="utf-8") as file:
            found[os.path.basename(path)] = yaml.load(file, Loader)
    return found


def commands(job):
    """Each command of its steps, as words."""
    for step in job["steps"]:
        for line in step.get("run", "").splitlines():
            for command in line.split("&&"):
                yield shlex.split(command, comments=True)


def steps(job, action):
    return [step for step in job["steps"] if step.get("uses", "").startswith(f"actions/{action}@")]


class Workflows(unittest.TestCase):
    @staticmethod
    def jobs():
        return [(workflow, job) for workflow in workflows().values() for job in workflow["jobs"].values()]

    def test_there_are_these(self):
        self.assertEqual(set(workflows()), {"build.yml", "release.yml"})

    def test_their_form(self):
        for name, workflow in workflows().items():
            with self.subTest(name):
                jsonschema.validate(workflow, WORKFLOW)

    def test_jobs_wait_for_jobs_that_exist(self):
        for workflow, job in self.jobs():
            self.assertIn(job.get("needs", "none"), {*workflow["jobs"], "none"})

    def test_expressions_name_what_exists(self):
        for _, job in self.jobs():
            known = {f"matrix.{key}" for key in job.get("strategy", {}).get("matrix", {})}
            used = set(re.findall(r"\$\{\{ ([\w.]+) \}\}", yaml.dump(job)))
            self.assertEqual(len(re.findall(r"\$\{\{", yaml.dump(job))),
                             len(re.findall(r"\$\{\{ [\w.]+ \}\}", yaml.dump(job))))
            self.assertLessEqual(used, known | {"github.repository", "github.token"})

    def test_what_they_run_exists(self):
        """Programs of ours once they are built, targets of make, scripts in the tree."""
        seen = 0
        for _, job in self.jobs():
            built = False
            for program, *arguments in commands(job):
                seen += 1
                if program == "make":
                    built |= "build" in arguments
                    done = subprocess.run(["make", "--dry-run", "--no-print-directory", *arguments], cwd=SOURCE,
                                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
                    self.assertEqual(done.returncode, 0, done.stderr)
                elif program.startswith("build/"):
                    self.assertTrue(built, f"{program} before it is built")
                    self.assertIn(os.path.basename(program), ("mainstayd", "mainstay", "mainstay-bench"))
                elif "/" in program:
                    self.assertTrue(os.access(os.path.join(SOURCE, program), os.X_OK), program)
                else:
                    self.assertIn(program, PROGRAMS)
        self.assertGreater(seen, 10)

    def test_what_is_published_was_made(self):
        jobs = workflows()["release.yml"]["jobs"]
        made, = steps(jobs["make"], "upload-artifact")
        taken, = steps(jobs["publish"], "download-artifact")
        self.assertEqual(made["with"]["name"], taken["with"]["name"])
        published = [command for command in commands(jobs["publish"]) if command[:3] == ["gh", "release", "create"]]
        self.assertEqual(published[0][-1], f"{taken['with']['path']}/*")

    def test_the_repository_tests_what_contributors_test(self):
        ran = [command[0] for command in commands(workflows()["build.yml"]["jobs"]["test"])]
        self.assertIn(".ci/run", ran)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
