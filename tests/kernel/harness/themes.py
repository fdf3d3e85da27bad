# SPDX-License-Identifier: Apache-2.0
"""What the kernel tests do: for each theme its program, exports, clients and limits.

A theme runs with each minor version and backend of the lists below, a test of CTest each.
"""

import os
from dataclasses import dataclass, field, replace

from .image import mount_image
from .server import Export
from .uml import MINOR_2_SINCE

VERSIONS = ("4.0", "4.1", "4.2")
USUAL_VERSIONS = ("4.0", "4.1")  # 4.2 shares the tested parts with 4.1
USUAL_BACKENDS = ("mem", "local", "tmpfs")  # a RAM file system; a directory on disk, and one on tmpfs
IMAGES = ("btrfs", "xfs")  # a directory on such a file system, on an image: they can share blocks between files
BACKENDS = USUAL_BACKENDS + IMAGES
OPTIONS = ("MAINSTAY_OPERATIONS", "MAINSTAY_SEED")  # variables of the environment that guests get, too
SERVER_USER = 5555  # of the theme without privileges


@dataclass
class Rule:
    """One export of a theme: which other exports share its directory, what to make in it, where to mount."""
    pseudo: str
    options: str
    mount_point: str
    directory: str = "data"
    mount_options: str = ""
    clients: tuple = ()  # who mounts it; none: all
    shared_directory: bool = False  # make a subdirectory that all may write to
    backend: str = ""  # always this one


@dataclass
class Theme:
    program: str
    rules: list = field(default_factory=lambda: [Rule("/", "no_root_squash", "/mnt/nfs")])
    extra_mounts: list = field(default_factory=list)  # (path on the server, mount point[, mount options, clients])
    versions: tuple = USUAL_VERSIONS
    version_mounts: dict = field(default_factory=dict)  # instead of the rules': what each client
    # mounts at /mnt/v<version>, independent of --vers
    options: str = ""  # more mount options
    cwd: str = ""  # the first mount point
    clients: int = 1
    proxied: bool = False  # through the proxy that cuts connections
    late: bool = True  # it also brings requests when they have been resent over the next connection
    timeout_s: int = 120
    cost_s: int = 10  # about how long it takes: CTest begins with the longest
    waits: bool = False  # most of that time: CTest may run two of these instead of one that computes
    in_turn: bool = False  # one at a time of each minor version, so that there is work beside those that wait longest
    grace_s: int = 0
    lease_s: int = 10
    memory: str = "512M"
    since: tuple = ()  # the oldest Linux that will do for the guests
    selinux: bool = False  # the guests have SELinux, without a policy
    backends: tuple = USUAL_BACKENDS
    flavors: tuple = ()  # the export is mounted at /mnt/<flavor>, with a Kerberos realm; the command runs in /tmp
    kerberos: bool = False  # with a realm, also without flavors
    tickets: tuple = ("24h", "5")  # with a realm: the lifetime of its tickets, and how many seconds clocks may differ
    tls: bool = False  # server and guests have certificates
    in_guest: bool = False  # the program starts the server itself, in the guest, and mounts it
    own_agent: bool = False  # ... and makes certificates, and starts the handshake agent
    concurrent: bool = False  # also with the server under ThreadSanitizer
    launcher: tuple = ()  # command that starts the server with fewer privileges
    server_user: int = 0
    server_options: tuple = ()  # in addition to --lease and --grace
    configured: bool = False  # the exports are in a configuration file, which guests may change
    held: bool = False  # the socket outlives the server, as with systemd, until the guest releases it
    expected_log: str = ""  # complaints expected in the client's kernel log (a regex)
    v40: dict = field(default_factory=dict)  # values of the fields above that differ for 4.0
    v42: dict = field(default_factory=dict)
    environment: dict = field(default_factory=dict)
    smaller: dict = field(default_factory=dict)  # environment on tmpfs, where the disk's test is repeated


LOST_FILES = "state recovery failed for open file"  # expected where a restarted server has lost the files
LOST_LOCK = "Lock reclaim failed"  # expected where another client got the lock meanwhile
# EACCES: what the client has for a server that refuses its certificate, also when it renews its lease.
REFUSED = "RPC call returned error 13|check lease failed on NFSv4 server .* with error 13"
TOO_WEAK = "requires stronger authentication"  # what it says of a server that wants TLS
LOCK_IN_FLIGHT = "lost [0-9]+ locks"  # includes locks that the server has not answered yet

# Clients of 4.0 don't report when they have reclaimed, so the grace period lasts its full time. And only requests
# that name a client renew its lease, which Linux sends every 5 seconds at the earliest.
LEASE_V40_S = 8

THEMES = {
    "posix": Theme("posix.py", cost_s=20, versions=VERSIONS, v42={"backends": ("mem", "local")}),
    "manyfiles": Theme("manyfiles.py", cost_s=40, timeout_s=240, smaller={"MS_FILES": "2000"}),
    "bigfile": Theme("bigfile.py", memory="1G"),
    "build": Theme("build.py", cost_s=25, timeout_s=240, smaller={"MS_MODULES": "6"}),
    "git": Theme("gitwork.py", timeout_s=180, smaller={"MS_GIT_FILES": "40"}),
    "parallel": Theme("parallel.py", options="nconnect=8"),
    "parallel-krb5": Theme("parallel.py", kerberos=True, options="sec=krb5i,nconnect=4", backends=("mem",),
                           rules=[Rule("/", "no_root_squash,sec=krb5i", "/mnt/nfs")]),
    "parallel-tls": Theme("parallel.py", tls=True, options="xprtsec=tls,nconnect=4", backends=("mem",),
                          rules=[Rule("/", "no_root_squash,xprtsec=tls", "/mnt/nfs")]),
    "cut": Theme("cut.py", cost_s=25, proxied=True, timeout_s=240, backends=("mem", "local")),
    "cut-nconnect": Theme("cut.py", cost_s=25, proxied=True, options="nconnect=8", timeout_s=240,
                          backends=("mem", "tmpfs")),
    "cut-krb5": Theme("cut.py", cost_s=30, proxied=True, kerberos=True, options="sec=krb5i,nconnect=4", timeout_s=240,
                      rules=[Rule("/", "no_root_squash,sec=krb5i", "/mnt/nfs")], backends=("local",), late=False,
                      v40={"late": True}),
    "crash": Theme("crash.py", cost_s=20, waits=True, in_turn=True, grace_s=60, timeout_s=240,
                   backends=("local", "tmpfs"), expected_log=LOCK_IN_FLIGHT,
                   v40={"cost_s": 40, "grace_s": 10, "backends": ("local",)}),
    "reclaim": Theme("reclaim.py", waits=True, in_turn=True, clients=2, grace_s=60, lease_s=3, timeout_s=240,
                     backends=("local", "tmpfs"), expected_log=f"{LOST_LOCK}|{LOCK_IN_FLIGHT}",
                     v40={"cost_s": 50, "grace_s": 10, "lease_s": LEASE_V40_S, "backends": ("tmpfs",)}),
    "silent": Theme("silent.py", cost_s=45, waits=True, in_turn=True, clients=2, lease_s=3, timeout_s=240,
                    backends=("mem", "local"), expected_log=f"{LOST_LOCK}|{LOCK_IN_FLIGHT}",
                    v40={"cost_s": 80, "lease_s": LEASE_V40_S, "backends": ("mem",)}),
    "slots": Theme("slots.py", cost_s=20, waits=True, options="nconnect=4", lease_s=3,
                   server_options=("--slots", "2"), timeout_s=240, backends=("mem",), versions=("4.1",)),
    "mixed": Theme("mixed.py", cost_s=15, clients=3, cwd="/tmp", timeout_s=240, backends=("mem",),
                   versions=("4.1",), version_mounts={1: ("4.0", "4.1"), 2: ("4.0",), 3: ("4.1",)}, concurrent=True),
    "reload": Theme("reload.py", cost_s=20, configured=True, grace_s=60, timeout_s=180, backends=("local",),
                    versions=("4.1",)),
    "minor-range": Theme("minor_range.py", cost_s=20, cwd="/tmp", grace_s=60, lease_s=60, timeout_s=180,
                         backends=("local",), versions=("4.1",), version_mounts={1: ("4.1", "4.2")},
                         expected_log=LOCK_IN_FLIGHT),
    "delegation": Theme("delegation.py", waits=True, clients=2, lease_s=3, grace_s=5, timeout_s=180,
                        versions=VERSIONS, backends=("mem", "local"), v42={"backends": ("mem",)},
                        v40={"cost_s": 35, "in_turn": True, "lease_s": LEASE_V40_S, "grace_s": LEASE_V40_S,
                             "backends": ("local",)}),
    "delegation-mixed": Theme("delegation.py", waits=True, clients=2, cwd="/tmp", timeout_s=120, backends=("mem",),
                              versions=("4.1",), version_mounts={1: ("4.0",), 2: ("4.1",)},
                              environment={"MS_TURNS": "2"}),
    "delegation-behind": Theme("behind.py", cost_s=20, waits=True, clients=2, proxied=True, timeout_s=120,
                               backends=("mem",), versions=("4.1",)),
    "held-times": Theme("held_times.py", waits=True, clients=2, lease_s=3, grace_s=5, timeout_s=120,
                        versions=("4.2",), backends=("mem", "local")),
    # The attributes of directories are never fresh for the client, unless it holds a delegation; those of files are.
    "dir-delegation": Theme("dir_delegation.py", cost_s=20, waits=True, clients=2, lease_s=6, grace_s=6, timeout_s=240,
                            options="acdirmin=0,acdirmax=0,acregmin=600,acregmax=600", versions=("4.1",),
                            backends=("mem", "local"), server_options=("--set", "nfs.delegations=none")),
    "krb5": Theme("krb5.py", cost_s=80, waits=True, clients=2, cwd="/tmp", timeout_s=600, lease_s=8, grace_s=8,
                  rules=[Rule("/", "no_root_squash,sec=krb5:krb5i:krb5p", "")], flavors=("krb5", "krb5i", "krb5p"),
                  versions=VERSIONS, backends=("local",)),
    "krb5-machine": Theme("krb5_machine.py", cost_s=15, waits=True, kerberos=True, lease_s=8, grace_s=8,
                          backends=("local",), versions=("4.1",)),
    # No test waits for a lease. A client that had no processor for that long would lose a delegation, and Linux hangs if
    # it is about to return one of a file with locks just then.
    "krb5-tls": Theme("krb5_tls.py", cost_s=40, waits=True, clients=2, cwd="/tmp", timeout_s=300, lease_s=30, grace_s=30,
                      kerberos=True, tls=True, backends=("local",), expected_log=f"{REFUSED}|{TOO_WEAK}",
                      rules=[Rule("/", "no_root_squash,sec=krb5,xprtsec=tls:mtls", "/mnt/krb5",
                                  mount_options="sec=krb5,xprtsec=mtls", clients=(1,))],
                      extra_mounts=[("/", "/mnt/krb5", "sec=krb5,xprtsec=tls", (2,))]),
    "tls": Theme("tls.py", cost_s=40, waits=True, clients=2, cwd="/tmp", timeout_s=300, lease_s=8, grace_s=8, tls=True,
                 rules=[Rule("/tls", "no_root_squash,xprtsec=tls", "/mnt/tls", "tls", "xprtsec=mtls", (1,)),
                        Rule("/mtls", "no_root_squash,xprtsec=mtls", "/mnt/mtls", "mtls", "xprtsec=mtls", (1,)),
                        Rule("/open", "no_root_squash,xprtsec=none:tls:mtls", "", "open")],
                 extra_mounts=[("/tls", "/mnt/tls", "xprtsec=tls", (2,))], versions=VERSIONS, backends=("local",),
                 expected_log=REFUSED),
    "ktls": Theme("ktls.py", cost_s=30, timeout_s=240, lease_s=8, grace_s=8, rules=[], cwd="/tmp", tls=True,
                  in_guest=True, versions=("4.1",), backends=("local",)),
    "guide": Theme("guide.py", cost_s=20, rules=[], cwd="/tmp", tls=True, in_guest=True, own_agent=True,
                   versions=("4.1",), backends=("local",)),
    "acl": Theme("acl.py", versions=("4.0", "4.2"), backends=("local", "tmpfs"), v40={"backends": ("local",)}),
    "space": Theme("space.py", versions=("4.2",), since=MINOR_2_SINCE, backends=BACKENDS),
    "copy": Theme("copying.py", cost_s=30, timeout_s=300, versions=("4.2",), since=MINOR_2_SINCE, backends=BACKENDS,
                  rules=[Rule("/one", "no_root_squash", "/mnt/nfs", "one"),
                         Rule("/two", "no_root_squash", "/mnt/two", "two", backend="tmpfs")],
                  smaller={"MS_COPY_MIB": "128"}),
    "xattr": Theme("xattr.py", versions=("4.2",), since=MINOR_2_SINCE, backends=BACKENDS),
    "labels": Theme("labels.py", versions=("4.2",), since=MINOR_2_SINCE, selinux=True, backends=("mem", "local"),
                    rules=[Rule("/", "no_root_squash,security_label", "/mnt/nfs")]),
    "fsx": Theme("fsx.py", cost_s=60, timeout_s=600, versions=("4.2",), since=MINOR_2_SINCE, backends=BACKENDS),
    "pair": Theme("pair.py", cost_s=15, waits=True, clients=2, timeout_s=240),
    "restart": Theme("restart.py", cost_s=5, waits=True, grace_s=3, timeout_s=180,
                     expected_log=LOST_FILES, v40={"cost_s": 20}),
    "restart-held": Theme("restart_held.py", cost_s=60, waits=True, in_turn=True, grace_s=60, timeout_s=240, held=True,
                          backends=("local",), v40={"grace_s": 10}),
    # Where the kernel opens no file by its handle, the server's own table of handles must serve.
    "restart-nohandles": Theme("restart.py", cost_s=5, waits=True, grace_s=3, timeout_s=180, backends=("local",),
                               launcher=("setpriv", "--bounding-set", "-dac_read_search"),
                               expected_log=LOST_FILES, v40={"cost_s": 20}),
    "unprivileged": Theme(
        "restart.py", cost_s=5, waits=True, grace_s=3, timeout_s=180, backends=("local",), server_user=SERVER_USER,
        rules=[Rule("/", f"all_squash,anonuid={SERVER_USER},anongid={SERVER_USER}", "/mnt/nfs")],
        launcher=("setpriv", f"--reuid={SERVER_USER}", f"--regid={SERVER_USER}", "--clear-groups",
                  "--inh-caps=-all", "--bounding-set=-all"), expected_log=LOST_FILES,
        v40={"cost_s": 20}),
    "exports": Theme("exports.py", rules=[
        Rule("/open", "no_root_squash", "/mnt/open", "open"),
        Rule("/squash", "", "/mnt/squash", "squash", shared_directory=True),
        Rule("/all", "all_squash,anonuid=4242,anongid=4343", "/mnt/all", "all", shared_directory=True),
        Rule("/deep/in/side", "no_root_squash", "/mnt/deep", "deep"),
        Rule("/ro", "ro,no_root_squash", "/mnt/ro", "open")], extra_mounts=[("/", "/mnt/tree")], cwd="/tmp"),
}


def theme_for(name, version):
    theme = THEMES[name]
    return replace(theme, **{"4.0": theme.v40, "4.2": theme.v42}.get(version, {}))


def tests():
    """Every (version, backend, name) that is a test."""
    return [(version, backend, name) for version in VERSIONS for backend in BACKENDS for name in THEMES
            if version in THEMES[name].versions and backend in theme_for(name, version).backends]


def mounts(theme, version, options):
    """(path on the server, mount point, options, clients) of every mount; no clients: all of them."""
    def complete(version):
        return ",".join(filter(None, (f"vers={version}", theme.options, options)))

    if theme.version_mounts:
        return [("/", f"/mnt/v{each}", complete(each), [client])
                for client, versions in theme.version_mounts.items() for each in versions]
    if theme.flavors:
        return [("/", f"/mnt/{flavor}", f"{complete(version)},sec={flavor}", []) for flavor in theme.flavors]
    points = [(rule.pseudo, rule.mount_point, rule.mount_options, rule.clients) for rule in theme.rules]
    points += [(*mount, "", ())[:4] for mount in theme.extra_mounts]
    return [(path, point, ",".join(filter(None, (complete(version), more))), list(clients))
            for path, point, more, clients in points if point]


def make_exports(theme, backend, directories):
    """The theme's exports, with their directories made."""
    tops = {"mem": None, "local": directories.job, "tmpfs": directories.memory}
    if backend in IMAGES:
        tops[backend] = mount_image(backend, directories.job)
    exports = []
    for rule in theme.rules:
        directory, top = None, tops[rule.backend or backend]
        if top:
            directory = f"{top}/export-{rule.directory}"
            os.makedirs(directory, exist_ok=True)
            os.chmod(directory, 0o755)
            os.chown(directory, theme.server_user, theme.server_user)
            if rule.shared_directory:
                os.mkdir(f"{directory}/shared")
                os.chmod(f"{directory}/shared", 0o777)
        options = f"{rule.options},insecure" if theme.proxied else rule.options  # the proxy's ports
        exports.append(Export(rule.pseudo, options.lstrip(","), directory))
    return exports
