#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The image of contrib/container/Containerfile, built by buildah on a base of its own (debootstrap), and what it runs:
as any user of group 0, without a capability, with arguments, health check and volumes as docs/container.md has them.

    image_test.py BUILD     a directory that keeps the base for the next time"""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = os.environ.get("MAINSTAY_SOURCE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
sys.path.insert(0, os.path.join(ROOT, "tests/protocol"))
from admin_server import BIN, READY, request, wait_until  # noqa: E402 pylint: disable=wrong-import-position
import nfs_client as nfs  # noqa: E402 pylint: disable=wrong-import-position

KEPT = os.path.join(sys.argv[1], "container")
SKIPPED = 77
SUITE = "bookworm"
FETCHES = 3
TIMEOUT_S = 60
SOMEBODY = 123456  # no user of the image
LISTEN = ("--listen", "127.0.0.1:0")


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def run(*command, **how):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **how)


def must(*command, **how):
    done = run(*command, **how)
    assert done.returncode == 0, f"{shlex.join(command)}:\n{done.stdout[-8000:]}"
    return done.stdout


def base_tar():
    """A small Debian as the one of the registry, which may be out of reach. Made once."""
    path = os.path.join(KEPT, f"{SUITE}.tar")
    if os.path.exists(path):
        return path
    os.makedirs(KEPT, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mainstay-base-") as folder:
        for attempt in range(FETCHES):  # a mirror may fail once
            done = run("debootstrap", "--variant=minbase", SUITE, f"{folder}/{attempt}")
            if done.returncode == 0:
                os.rename(f"{folder}/{attempt}", f"{folder}/root")
                break
        if done.returncode != 0:
            skip(f"debootstrap: {done.stdout.strip().splitlines()[-1]}")
        left_out = [f"--exclude=./{path}" for path in ("dev", "proc", "sys", "var/cache/apt/archives/*.deb")]
        must("tar", "--create", f"--file={folder}/tar", f"--directory={folder}/root", *left_out, ".")
        shutil.copy(f"{folder}/tar", path + ".new")
        os.rename(path + ".new", path)
    return path


class Store:
    """buildah's, away from that of the machine."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="mainstay-image-")
        self.driver = "overlay"
        if self.try_buildah("from", "scratch").returncode != 0:
            self.driver = "vfs"  # below another overlay, as in most containers
        done = self.try_buildah("from", "scratch")
        if done.returncode != 0:
            self.remove()
            skip(f"buildah cannot run here: {done.stdout.strip()}")

    def try_buildah(self, *arguments):
        return run("buildah", f"--storage-driver={self.driver}", f"--root={self.folder}/root",
                   f"--runroot={self.folder}/run", *arguments)

    def buildah(self, *arguments):
        done = self.try_buildah(*arguments)
        assert done.returncode == 0, f"buildah {shlex.join(arguments)}:\n{done.stdout[-8000:]}"
        return done.stdout.strip()

    def base(self, tar):
        container = self.buildah("from", "scratch")
        self.buildah("add", "--quiet", container, tar, "/")
        done = self.try_buildah("run", "--isolation=chroot", container, "--", "true")
        if done.returncode != 0:
            self.remove()
            skip(f"buildah cannot run a command here: {done.stdout.strip()}")
        self.buildah("commit", "--quiet", container, "localhost/base")
        self.buildah("rm", container)

    def remove(self):
        self.try_buildah("rm", "--all")
        shutil.rmtree(self.folder, ignore_errors=True)


class Container:
    """What an engine makes of the image: its root, read-only, its environment and entry point; with volumes, a user and
    no rights."""

    def __init__(self, image, volumes, user=SOMEBODY):
        self.image, self.volumes, self.user = image, volumes, user
        self.process = self.log = None

    def command(self, *arguments):
        """It, in its root. A process that enters the file systems of the first one needs no new ones."""
        root = self.image.root
        mounts = [f"mount --bind {root} {root}", f"mount -o remount,bind,ro {root}"]
        mounts += [f"mount --bind {path} {root}{target}" for target, path in self.volumes.items()]
        mounts += [f"mount -t proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
        start = ["chroot", f"--userspec={self.user}:0", "--groups=", root, "env", "-i",
                 *self.image.config["Env"], "setpriv", "--no-new-privs", "--inh-caps=-all", *arguments]
        if self.process:
            return ["nsenter", f"--target={self.process.pid}", "--mount", *start]
        return ["unshare", "--mount", "--propagation=private", "sh", "-c",
                " && ".join(mounts + ["exec " + shlex.join(start)])]

    def start(self, *arguments):
        self.log = tempfile.TemporaryFile(mode="w+", encoding="utf-8")  # pylint: disable=consider-using-with
        command = self.command(*self.image.config["Entrypoint"], *arguments)
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        wait_until(lambda: READY.search(self.text()) or self.process.poll() is not None)
        assert self.process.poll() is None, self.text()
        return self

    def text(self):
        self.log.seek(0)
        return self.log.read()

    @property
    def port(self):
        return int(READY.search(self.text())[1])

    def execute(self, *command):
        return run(*self.command(*command), timeout=TIMEOUT_S)

    def health(self):
        """As an engine asks: the exit status."""
        kind, *command = self.image.config["Healthcheck"]["Test"]
        assert kind == "CMD", kind
        return self.execute(*command).returncode

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(TIMEOUT_S)
        text = self.text()
        self.log.close()
        self.process = None
        return status, text


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        tar = base_tar()
        cls.store = Store()
        cls.addClassCleanup(cls.store.remove)
        cls.store.base(tar)
        cls.store.buildah("build", "--isolation=chroot", "--format=docker", "--build-arg=BASE=localhost/base",
                          "--tag=localhost/mainstay", f"--file={ROOT}/contrib/container/Containerfile", ROOT)
        container = cls.store.buildah("from", "localhost/mainstay")
        cls.root = cls.store.buildah("mount", container)
        found = json.loads(cls.store.buildah("inspect", "--type=image", "localhost/mainstay"))
        cls.config = found["Docker"]["config"]

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="mainstay-volumes-"))
        os.chmod(self.folder, 0o711)
        self.volumes = {}
        for target in self.config["Volumes"]:  # a new volume has owner and mode of the image's directory
            self.volumes[target] = os.path.join(self.folder, target.replace("/", "_"))
            st = os.stat(self.root + target)
            os.mkdir(self.volumes[target])
            os.chown(self.volumes[target], st.st_uid, st.st_gid)
            os.chmod(self.volumes[target], st.st_mode & 0o7777)

    @contextlib.contextmanager
    def container(self, *arguments, user=SOMEBODY):
        container = Container(self, self.volumes, user)
        try:
            yield container.start(*LISTEN, *arguments)
        finally:
            if container.process:
                container.end()

    def test_what_it_is(self):
        """No root, no compiler, nothing that is not needed; and all that is linked."""
        user, _, group = self.config["User"].partition(":")
        self.assertNotIn(user, ("", "0", "root"))
        self.assertEqual(group, "0")
        self.assertEqual(set(self.config["Volumes"]), {"/var/lib/mainstay", "/export"})
        self.assertEqual(set(self.config["ExposedPorts"]), {"2049/tcp"})
        for path in ("usr/bin/gcc", "usr/bin/cmake", "usr/bin/curl", "src"):
            self.assertFalse(os.path.exists(f"{self.root}/{path}"), path)
        for program in ("/usr/sbin/mainstayd", "/usr/bin/mainstay"):
            self.assertNotIn("not found", must("chroot", self.root, "ldd", program))
        for directory in ("/var/lib/mainstay", "/run/mainstay", "/export"):
            st = os.stat(self.root + directory)
            self.assertEqual((st.st_gid, st.st_mode & 0o7777), (0, 0o2770), directory)

    def test_life(self):
        """Any user: it serves, is healthy, ends when told to, and goes on with what is in its volumes."""
        with self.container() as container:
            with open(f"/proc/{container.process.pid}/status", encoding="ascii") as file:
                status = dict(re.findall(r"(?m)^(\w+):\s+(.*)$", file.read()))
            self.assertEqual(set(status["Uid"].split()), {str(SOMEBODY)})
            self.assertEqual({status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}, {"0" * 16})
            self.assertIn("Read-only", container.execute("touch", "/run/mainstay/file").stdout)
            self.assertEqual(container.health(), 0)
            self.assertEqual(container.execute("mainstay", "health", "ready").returncode, 0)
            first = json.loads(container.execute("mainstay", "--json", "status").stdout)["instance"]
            client = nfs.Client(container.port, "container test")
            session = client.start()
            session.value(*nfs.write(session.opened("kept", export=None), b"what the client wrote"))
            done = run(f"{BIN}/mainstay-bench", f"--target=127.0.0.1:{container.port}", "--op", "create-remove",
                       "--warmup", "0.1", "--time", "0.3", "--json")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertGreater(json.loads(done.stdout.splitlines()[-1])["ops_per_s"], 0)
            client.close()
            code, text = container.end()
            self.assertEqual(code, 0, text)
        path = os.path.join(self.volumes["/export"], "kept")
        with open(path, encoding="ascii") as file:
            self.assertEqual(file.read(), "what the client wrote")
        self.assertEqual((os.stat(path).st_uid, os.stat(path).st_gid), (SOMEBODY, 0))
        with self.container() as container:
            again = json.loads(container.execute("mainstay", "--json", "status").stdout)["instance"]
            self.assertEqual(again, first)
            os.kill(container.process.pid, signal.SIGSTOP)  # it does not answer: not healthy
            try:
                with self.assertRaises(subprocess.TimeoutExpired):
                    run(*container.command("mainstay", "health", "live"), timeout=1)
            finally:
                os.kill(container.process.pid, signal.SIGCONT)
            wait_until(lambda: container.health() == 0)

    def test_compose(self):
        """The token of compose.yaml: made once, for the server and for Prometheus, and nobody else."""
        with open(os.path.join(ROOT, "contrib/container/compose.yaml"), encoding="utf-8") as file:
            services = yaml.safe_load(file)["services"]
        self.volumes["/run/mainstay"] = os.path.join(self.folder, "token")
        os.mkdir(self.volumes["/run/mainstay"])
        os.chmod(self.volumes["/run/mainstay"], 0o2770)
        entry = [word.replace("$$", "$") for word in services["token"]["entrypoint"]]
        for _ in range(2):
            done = Container(self, self.volumes).execute(*entry)
            self.assertEqual((done.returncode, done.stdout), (0, ""))
        modes = {name: (os.stat(path := os.path.join(self.volumes["/run/mainstay"], name)).st_mode & 0o777,
                        os.stat(path).st_gid) for name in os.listdir(self.volumes["/run/mainstay"])}
        self.assertEqual(modes, {"server": (0o600, 0), "prometheus": (0o440, 0)})
        with open(os.path.join(self.volumes["/run/mainstay"], "prometheus"), encoding="ascii") as file:
            token = file.read().strip()
        self.assertEqual(len(token), 64)
        arguments = [word.replace("0.0.0.0:9101", "127.0.0.1:0") for word in services["mainstay"]["command"]]
        with self.container(*arguments) as container:
            address = ("127.0.0.1", int(re.search(r"admin.open .*127.0.0.1:(\d+)", container.text())[1]))
            reply = request(address, "/metrics", fields={"Authorization": f"Bearer {token}"})
            self.assertEqual(reply.status, 200)
            self.assertEqual(request(address, "/metrics").status, 401)
            self.assertEqual(container.health(), 0)

    def test_own_user(self):
        """The image's user, too."""
        with self.container(user=int(self.config["User"].partition(":")[0])) as container:
            self.assertEqual(container.health(), 0)

    def test_not_healthy(self):
        self.assertNotEqual(Container(self, self.volumes).health(), 0)  # nothing listens

    def test_guide(self):
        """What docs/container.md tells to type is possible with this image."""
        with open(os.path.join(ROOT, "docs/container.md"), encoding="utf-8") as file:
            text = file.read().replace("\\\n", " ").replace("$(id -u)", str(SOMEBODY))
        commands = [shlex.split(line) for line in re.findall(r"(?m)^    (?:sudo )?(podman .*)$", text)]
        runs = [words for words in commands if words[1] == "run"]
        executes = [words for words in commands if words[1] == "exec"]
        self.assertGreater(len(runs), 3)
        self.assertGreater(len(executes), 2)
        for words in runs:
            with self.subTest(shlex.join(words)):
                self.try_run(words[2:])
        with self.container() as container:
            for words in executes:
                with self.subTest(shlex.join(words)):
                    self.assertEqual(words[2:4], ["nfs", "mainstay"])
                    done = container.execute(*words[3:])
                    self.assertEqual(done.returncode, 0, done.stdout)

    def try_run(self, words):
        """`podman run`: its options fit the image, and the server takes the arguments."""
        while words[0].startswith("-"):
            option = words.pop(0)
            name, _, value = option.partition("=")
            if name in ("-d", "--rm", "--read-only"):
                continue
            value = value or words.pop(0)
            if name in ("-v", "--volume"):
                target = value.split(":")[1]
                self.assertTrue(target in self.volumes or target.startswith("/etc/mainstay/"), value)
            elif name in ("-p", "--publish"):
                self.assertEqual(value.rpartition(":")[2], "2049")
            else:
                self.assertIn(name, ("--name", "--user", "--userns", "--cap-add"))
        self.assertEqual(words.pop(0), "mainstay")
        done = Container(self, self.volumes).execute(*self.config["Entrypoint"], *words, "--check", *LISTEN)
        self.assertEqual((done.returncode, [line for line in done.stdout.splitlines() if " error " in line]), (0, []),
                         done.stdout)


if __name__ == "__main__":
    if os.geteuid() != 0:
        skip("only root can make the base of the image, and become its users")
    for needed in ("buildah", "debootstrap", "unshare", "setpriv"):
        if not shutil.which(needed):
            skip(f"{needed} is not installed")
    if "MAINSTAY_MOUNTS" not in os.environ:  # what is mounted here ends with this process, however it ends
        os.environ["MAINSTAY_MOUNTS"] = "own"
        os.execvp("unshare", ["unshare", "--mount", "--propagation=private", sys.executable, "-B", *sys.argv])
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
