#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""Two clients, one of which holds delegations of directories: what it need not ask, what it sees (W12, SR-16, SR-21).

Linux asks for them from 6.19 on. An older kernel must not be affected: the answers are the same, and nothing is
delegated. On this mount the attributes of directories are never fresh, so every look asks the server, except with a
delegation. Files are not asked about again.
"""

import errno
import os
import random
import subprocess
import sys
import time

import host
from check import BACKEND, CLIENT, equal, main, raises, test, true, write
from holding import LEASE_S, Since, each_holds, one_recall, stats
from mountstats import TARGET, VERSION, operations

ASKS = VERSION != "4.0" and os.path.exists("/sys/module/nfsv4/parameters/directory_delegations")
LOOKS = 100 if ASKS else 3
REVALIDATION = ("GETATTR", "ACCESS", "LOOKUP", "READDIR")
QUIET_LOOKS = 20 if ASKS else 2  # of which one is free of requests: a client asks at its second look at the latest
TURNS = 60
RACES = 60 if ASKS else 5
RACE_CHANGES, RACE_LOOKS = 4, 6
RACE_S = 0.005  # the most by which one client starts later than the other
SEEN_LIMIT_S = 4 * LEASE_S
LOCAL_LIMIT_S = 5  # a second, and time for a slow machine


# ---- looking

def look(top="."):
    """As `ls -lR` does, and stat of a missing name: {path: is it a directory}."""
    found = {}
    for entry in sorted(os.scandir(top), key=lambda entry: entry.name):
        os.lstat(entry.path)
        directory = entry.is_dir(follow_symlinks=False)
        found[os.path.normpath(entry.path)] = directory
        if directory:
            found.update(look(entry.path))
    raises(errno.ENOENT, os.lstat, f"{top}/missing")
    return found


def names(path):
    return sorted(os.listdir(path))


def revalidations():
    return sum(operations(name) for name in REVALIDATION)


def hold(seen=look):
    """Look until the client asks nothing more, since all that it looks at is delegated; an older client goes on asking.
    """
    for _ in range(QUIET_LOOKS):
        asked = revalidations()
        seen()
        if revalidations() == asked:
            break
    else:
        true(not ASKS, "the client goes on asking the server")
    held = stats()["held_directory"]
    true(ASKS or held == 0, f"{held} delegations for clients that do not ask for them")


def until_seen(path, expected):
    """The client learns of it with its next request at the latest, which may be the renewal of its lease."""
    started = time.monotonic()
    while names(path) != expected:
        true(time.monotonic() - started < SEEN_LIMIT_S, f"{path}: expected {expected}, found {names(path)}")
        time.sleep(0.05)
    return time.monotonic() - started


def until_held(count):
    """The server's number of delegations of directories, when it has got there."""
    end = time.monotonic() + SEEN_LIMIT_S
    while stats()["held_directory"] != count and time.monotonic() < end:
        time.sleep(0.05)
    equal(stats()["held_directory"], count, "delegations of directories that are held")


# ---- nobody changes anything

@each_holds
def a_cached_tree_costs_nothing(role):
    """Looked at a hundred times: no request, by the client's count and by the server's."""
    if not role.holds:
        return
    held = stats()["held_directory"]
    os.makedirs("d/e/f")
    for directory in ("d", "d/e", "d/e/f"):
        for number in range(10):
            write(f"{directory}/file{number}", b"data")
    tree = look()
    equal(len(tree), 33, "names in the tree")
    hold()
    given = stats()["held_directory"] - held
    true(not ASKS or given >= 4, f"{given} delegations for four directories")
    since, executed = Since(), host.operations()
    for _ in range(LOOKS):
        equal(look(), tree, "what the holder sees")
    listed = subprocess.run(["ls", "-lR"], stdout=subprocess.PIPE, text=True, check=True).stdout
    equal(listed.count("file"), 30, "files that ls lists")
    made = {name: since.made(name) for name in REVALIDATION}
    now = host.operations()
    there = {name: now[name] - executed.get(name, 0) for name in REVALIDATION if name in now}
    print(f"     {LOOKS} looks: {made}, executed by the server: {there}", flush=True)
    if ASKS:
        equal(made, dict.fromkeys(REVALIDATION, 0), "requests of the client")
        equal(there, dict.fromkeys(there, 0), "operations of the server")
        equal(since.counted()["returned"], 0, "delegations returned")


# ---- the other client changes the directory

def deeds():
    """(what it is, what it does to the directory d, names afterwards, delegations that it recalls)"""
    there = ["file", "other", "sub"]
    return (
        ("create", lambda: write("d/new", flags=os.O_WRONLY | os.O_CREAT | os.O_EXCL), [*there, "new"], 1),
        ("mkdir", lambda: os.mkdir("d/new"), [*there, "new"], 1),
        ("symlink", lambda: os.symlink("file", "d/new"), [*there, "new"], 1),
        ("link", lambda: os.link("d/file", "d/new"), [*there, "new"], 1),
        ("remove", lambda: os.unlink("d/file"), ["other", "sub"], 1),
        ("rmdir", lambda: os.rmdir("d/sub"), ["file", "other"], 1),
        ("rename", lambda: os.rename("d/file", "d/new"), ["new", "other", "sub"], 1),
        ("rename over", lambda: os.rename("d/file", "d/other"), ["other", "sub"], 1),
        ("rename out", lambda: os.rename("d/file", "elsewhere/new"), ["other", "sub"], 1),
        ("rename in", lambda: os.rename("elsewhere/far", "d/new"), [*there, "new"], 1),
        ("chmod", lambda: os.chmod("d", 0o700), there, 1),
        ("open", lambda: write("d/file", b"more", flags=os.O_WRONLY | os.O_CREAT), there, 0),
        ("chmod of a file", lambda: os.chmod("d/file", 0o600), there, 0),
        ("mkdir beside", lambda: os.mkdir("elsewhere/new"), there, 0),
    )


@each_holds
def the_other_changes_it(role):
    """The holder sees each change at once: one recall, and one DELEGRETURN, before the change is done."""
    for number, (what, do, expected, recalls) in enumerate(deeds()):
        if role.holds:
            make_scene(f"scene{number}")
        role.step(f"made {what}")
        os.chdir(f"scene{number}")
        if role.holds:
            hold(lambda: (names("d"), [os.lstat(f"d/{name}") for name in ("file", "other")]))
            since = Since()
        role.step(f"held {what}")
        if not role.holds:
            do()
        role.step(f"done {what}")
        equal(names("d"), sorted(expected), f"{what}: what client {CLIENT} sees")
        for name in ("file", "other", "sub", "new"):
            equal(os.path.lexists(f"d/{name}"), name in expected, f"{what}: {name} is there")
        if what == "chmod":
            equal(os.stat("d").st_mode & 0o777, 0o700, "the mode of the directory")
        if role.holds and ASKS and recalls:
            one_recall(since)
        elif role.holds:
            equal(since.counted()["recalled"], 0, f"{what}: delegations recalled")
        os.chdir("..")
        role.step(f"seen {what}")


def make_scene(scene):
    os.makedirs(f"{scene}/d/sub")
    os.mkdir(f"{scene}/elsewhere")
    for path in ("d/file", "d/other", "elsewhere/far"):
        write(f"{scene}/{path}", b"data")


@each_holds
def the_other_removes_it(role):
    """The directory itself: it and the one that it is in are recalled."""
    if role.holds:
        os.makedirs("top/d")
        hold(lambda: (names("top"), names("top/d")))
        since = Since()
    role.step("held")
    if not role.holds:
        os.rmdir("top/d")
    role.step("removed")
    equal(names("top"), [], "what is left")
    raises(errno.ENOENT, os.stat, "top/d")
    if role.holds:
        counted = since.counted()
        equal((counted["recalled"], counted["revoked"]), (2 if ASKS else 0, 0), "delegations recalled, and revoked")


@each_holds
def the_other_moves_it(role):
    """The directory itself, with what is in it."""
    if role.holds:
        os.makedirs("top/d")
        write("top/d/file")
        hold(lambda: (names("top"), names("top/d")))
        since = Since()
    role.step("held")
    if not role.holds:
        os.rename("top/d", "top/e")
        write("top/e/new")
    role.step("moved")
    equal((names("top"), names("top/e")), (["e"], ["file", "new"]), "what is there")
    raises(errno.ENOENT, os.stat, "top/d")
    if role.holds:
        counted = since.counted()
        equal((counted["recalled"] >= 2, counted["revoked"]), (ASKS, 0), "whether delegations were recalled; revoked")


@each_holds
def both_hold_it(role):
    """A change recalls the other's delegation, and not the own one."""
    if role.holds:
        os.mkdir("d")
    role.step("made")
    hold(lambda: names("d"))
    since = Since()
    role.step("held")
    if role.holds:
        write("d/new")
    role.step("changed")
    equal(names("d"), ["new"], "what is there")
    if role.holds:
        equal(since.made("DELEGRETURN"), 0, "calls of DELEGRETURN by the one that made the change")
        equal(since.counted()["recalled"], 1 if ASKS else 0, "delegations recalled")
    else:
        equal(since.made_soon("DELEGRETURN") if ASKS else 0, 1 if ASKS else 0, "calls of DELEGRETURN by the other")


# ---- the holder changes the directory itself

@each_holds
def own_changes(role):
    """The holder keeps its delegation, and sees what it has done."""
    if not role.holds:
        return
    os.makedirs("d/sub")
    write("d/file", b"data")
    hold(lambda: names("d"))
    since = Since()
    for change, expected in (
            (lambda: write("d/new", b"data"), ["file", "new", "sub"]),
            (lambda: os.mkdir("d/made"), ["file", "made", "new", "sub"]),
            (lambda: os.link("d/file", "d/link"), ["file", "link", "made", "new", "sub"]),
            (lambda: os.rename("d/new", "d/renamed"), ["file", "link", "made", "renamed", "sub"]),
            (lambda: os.rename("d/renamed", "d/link"), ["file", "link", "made", "sub"]),
            (lambda: os.unlink("d/link"), ["file", "made", "sub"]),
            (lambda: os.rmdir("d/sub"), ["file", "made"]),
            (lambda: os.symlink("file", "d/symlink"), ["file", "made", "symlink"])):
        change()
        equal(names("d"), expected, "what the holder sees")
        for name in ("file", "new", "made", "link", "renamed", "sub", "symlink"):
            equal(os.path.lexists(f"d/{name}"), name in expected, f"{name} is there")
    counted = since.counted()
    equal((counted["recalled"], counted["returned"]), (0, 0), "delegations recalled, and returned")
    equal(since.made("DELEGRETURN"), 0, "calls of DELEGRETURN")
    os.chmod("d", 0o700)  # for which Linux returns it
    equal(os.stat("d").st_mode & 0o777, 0o700, "the mode of the directory")
    equal(since.counted()["revoked"], 0, "delegations revoked")


@each_holds
def own_removal(role):
    """With the directory its delegation ends; a new directory of this name is another one."""
    if not role.holds:
        return
    os.mkdir("top")
    hold(lambda: names("top"))
    os.mkdir("top/d")
    held = stats()["held_directory"]
    since = Since()
    hold(lambda: names("top/d"))
    equal(stats()["held_directory"] - held, 1 if ASKS else 0, "delegations of it")
    os.rmdir("top/d")
    until_held(held)
    equal(since.counted()["revoked"], 0, "delegations revoked")
    os.mkdir("top/d")
    equal(names("top/d"), [], "what is in the new one")
    write("top/d/new")
    equal(names("top/d"), ["new"], "what is in the new one")


# ---- both at once

@each_holds
def a_fight(role):
    """Both create, move, remove and look in two directories. Each sees its own changes, and in the end all of them."""
    if role.holds:
        os.makedirs("a")
        os.makedirs("b")
        configure(**{"nfs.delegations": "write"})
    role.step("made")
    rest = random.Random(CLIENT)
    mine = {"a": set(), "b": set()}
    since = Since()
    for turn in range(TURNS):
        where = rest.choice("ab")
        name = f"{CLIENT}-{turn}"
        deed = rest.randrange(4) if mine[where] else 0
        old = rest.choice(sorted(mine[where])) if deed else None
        if deed == 0:
            write(f"{where}/{name}")
            mine[where].add(name)
        elif deed == 1:
            os.unlink(f"{where}/{old}")
            mine[where].remove(old)
        else:
            there = where if deed == 2 else "ab".replace(where, "")
            os.rename(f"{where}/{old}", f"{there}/{name}")
            mine[where].remove(old)
            mine[there].add(name)
        for each in "ab":
            own = [found for found in names(each) if found.startswith(f"{CLIENT}-")]
            equal(own, sorted(mine[each]), f"turn {turn}: client {CLIENT}'s own names in {each}")
    role.step("fought")
    if role.holds:
        counted = since.counted()
        print(f"     {counted['granted_directory']} delegations given, {counted['recalled']} recalled", flush=True)
        equal(counted["revoked"], 0, "delegations revoked")
    for each in "ab":
        role.tell(f"{each} {CLIENT}", sorted(mine[each]))
        equal(names(each), sorted([*mine[each], *role.told(f"{each} {3 - CLIENT}")]), f"names in {each}")
    if role.holds:
        configure(**{"nfs.delegations": "none"})


@each_holds
def grants_and_changes_cross(role):
    """One client looks and asks while the other changes a new directory. A change that no recall announced would stay
    unseen as long as the delegation is held.
    """
    rest = random.Random(CLIENT)
    expected = sorted(f"name{number}" for number in range(RACE_CHANGES))
    since = Since()
    for race in range(RACES):
        directory = f"d{race}"
        if role.holds:
            os.mkdir(directory)
        role.step(f"made {race}")
        until = time.monotonic() + rest.random() * RACE_S
        while time.monotonic() < until:
            pass
        if role.holds:
            for _ in range(RACE_LOOKS):
                names(directory)
        else:
            for name in expected:
                write(f"{directory}/{name}")
        role.step(f"crossed {race}")
        equal(names(directory), expected, f"race {race}: what client {CLIENT} sees")
    if role.holds:
        counted = since.counted()
        print(f"     {counted['granted_directory']} delegations given, {counted['recalled']} recalled", flush=True)
        equal(counted["revoked"], 0, "delegations revoked")


# ---- what breaks

@each_holds
def a_holder_off_the_network(role):
    """The other client waits for its lease, and no longer. Back again, it does not trust what it has cached."""
    if role.holds:
        os.mkdir("d")
        hold(lambda: names("d"))
    role.step("held")
    if not role.holds:
        before = stats()
        host.network("part", role.holder)
        started = time.monotonic()
        try:
            write("d/new")
            waited = time.monotonic() - started
        finally:
            host.network("join", role.holder)
        print(f"     it took {waited:.1f} s", flush=True)
        true(not ASKS or waited < SEEN_LIMIT_S, f"it took {waited:.1f} s")
        equal(stats()["revoked"] - before["revoked"], 1 if ASKS else 0, "delegations revoked")
    role.step("joined")
    if role.holds:
        print(f"     seen after {until_seen('d', ['new']):.1f} s", flush=True)
        write("d/own")
        equal(names("d"), ["new", "own"], "what the holder sees")
    role.step("seen")
    equal(names("d"), ["new", "own"], "what is there")


@each_holds
def a_restart(role):
    broken_by(role, "restart")


@each_holds
def a_crash(role):
    broken_by(role, "crash")


def broken_by(role, action):
    """Delegations of directories end with the server, and are not reclaimed (RFC 8881 §10.9.5)."""
    if BACKEND == "mem":
        return  # its files end with the server
    if role.holds:
        os.mkdir("d")
        write("d/file")
        hold(lambda: names("d"))
        host.server(action)
    role.step("started")
    if not role.holds:
        write("d/new")
        os.unlink("d/file")
    role.step("changed")
    if role.holds:
        print(f"     seen after {until_seen('d', ['new']):.1f} s", flush=True)
        equal(stats()["reclaimed"], 0, "delegations reclaimed")
        os.mkdir("after")
        os.chdir("after")
        hold(lambda: names("."))
        os.chdir("..")
    role.step("held")
    equal(names("d"), ["new"], "what is there")


@each_holds
def a_local_program(role):
    """A program on the server's machine changes it. The kernel tells afterwards, so the holder is late, but by little.
    """
    if BACKEND == "mem" or not role.holds:
        return
    where = os.path.relpath(os.getcwd(), TARGET)
    for call, paths, expected in (("mkdir", ("made",), ["file", "made", "old", "sub"]),
                                  ("rename", ("old", "new"), ["file", "new", "sub"]),
                                  ("unlink", ("file",), ["old", "sub"]),
                                  ("rmdir", ("sub",), ["file", "old"])):
        os.makedirs(f"{call}/sub")
        for name in ("file", "old"):
            write(f"{call}/{name}")
        hold(lambda: names(call))
        since = Since()
        host.local(call, *(f"{where}/{call}/{path}" for path in paths))
        took = until_seen(call, expected)
        print(f"     {call}: seen after {took:.2f} s", flush=True)
        true(took < LOCAL_LIMIT_S, f"{call}: seen only after {took:.2f} s")
        equal(since.made_soon("DELEGRETURN") if ASKS else 0, 1 if ASKS else 0, "calls of DELEGRETURN")


def configure(**settings):
    status, answer = host.rest("PATCH", "/settings", settings)
    equal(status, 200, f"PATCH of {settings}: {answer}")


# ---- none at all

@test
def without_the_setting():
    """The client is told that there are none, once for each mount, and works as before."""
    if CLIENT != 1:
        return
    asked, granted = requests(), stats()["granted_directory"]
    configure(**{"nfs.directory_delegations": "none"})
    os.mkdir("d")
    for _ in range(5):
        write("d/file")
        equal(names("d"), ["file"], "what is there")
        os.unlink("d/file")
        equal(names("d"), [], "what is there")
    equal(requests() - asked, 1 if ASKS else 0, "requests for a delegation, all refused")
    equal(stats()["granted_directory"], granted, "delegations given")


def requests():
    return host.operations().get("GET_DIR_DELEGATION", 0)



os.chdir(TARGET)
sys.exit(main())
