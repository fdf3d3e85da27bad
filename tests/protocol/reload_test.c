/* SPDX-License-Identifier: Apache-2.0 */
/* SIGHUP: the configuration file is read again, and exports that differ come, change and go. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "holder.h"
#include "log_lines.h"

enum {
    RELOADS = 100,
    TIMES = 5,
    RELOAD_MS = 15,
    PAUSE_MS = 100, /* more is no longer a pause that nobody notices */
    SLOW_TIMES = 3, /* on a slow machine: this much longer than without reloads */
};

static char config[96], held[96];

/* The file with /stay and /held, and these lines.  (A server that root starts without a local
 * export can add none.) */
static void say(const char *more)
{
    FILE *file = fopen(config, "w");

    assert_non_null(file);
    assert_true(fprintf(file,
                        "exports:\n- { path: /stay, backend: mem, squash: no_root_squash }\n"
                        "- { path: /held, backend: local, argument: %s }\n%s",
                        held, more) > 0);
    assert_int_equal(fclose(file), 0);
}

static void hang_up(const char *event)
{
    unsigned before = log_find(event, NULL).count;

    assert_int_equal(kill(script_server.pid, SIGHUP), 0);
    wait_until_every(2, log_find(event, NULL).count > before);
}

/* The log has at most 100 lines of an event in a second. */
static void reload(const char *more)
{
    static int64_t next_ms;

    wait_until_every(2, wait_now_ms() >= next_ms);
    next_ms = wait_now_ms() + RELOAD_MS;
    say(more);
    hang_up("daemon.reload_done");
}

static const char *local(const char *keys)
{
    static char line[256];

    (void)snprintf(line, sizeof(line),
                   "- { path: /local, backend: local, argument: %s, squash: no_root_squash, ports: "
                   "insecure%s }\n",
                   script_server.data, keys);
    return line;
}

/* Is there such a line of the last reload? */
static bool changed(const char *text)
{
    return strstr(log_find("daemon.reload", NULL).text, text) != NULL;
}

static uint64_t root_change(void)
{
    struct client_fh root;

    expect_status(client_file_lookup(&alice, "/", &root), NFS4_OK);
    return attrs_of(&alice, &root, CLIENT_BITS(FATTR4_CHANGE)).change;
}

/* An export that appears in a delegated directory is an entry more: recalled, but not waited for.
 * While there are exports in it, it is not delegated. */
static void exports_in_a_delegated_directory(void **state)
{
    struct stateid4 stateid;
    struct client_fh dir;
    struct holder holder;

    (void)state;
    expect_status(client_file_lookup(&alice, "/stay", &dir), NFS4_OK);
    holder_open(&holder, script_minor);
    stateid = holder_delegated_dir(&holder, &dir);
    reload("- { path: /stay/deep/below, backend: mem }\n"
           "- { path: /new, backend: mem, access: ro }\n- { path: /new/below, backend: mem }\n");
    (void)holder_wait(&holder, OP_CB_RECALL, 0);
    holder_return_dir(&holder, &dir, &stateid);
    assert_int_equal(holder_ask_dir(&holder.mount, &dir).gddrnf_status, GDD4_UNAVAIL);
    expect_status(client_file_lookup(&alice, "/new", &dir), NFS4_OK);
    assert_int_equal(holder_ask_dir(&holder.mount, &dir).gddrnf_status, GDD4_UNAVAIL);
    reload("- { path: /new, backend: mem, access: ro }\n");
    stateid = holder_delegated_dir(&holder, &dir);
    reload("- { path: /new, backend: mem }\n");
    assert_int_equal(holder_speak(&holder, &holder.mount.conn), 0);
    assert_int_equal(holder.callbacks->count, 1);
    holder_return_dir(&holder, &dir, &stateid);
    reload("");
    holder_close(&holder);
}

static int setup(void **state)
{
    static const char *const options[] = {
        "--config", config, "--lease", "20", "--set", "nfs.directory_delegations=recall", NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(config, sizeof(config), "%s/mainstay.conf", script_server.dir);
    (void)snprintf(held, sizeof(held), "%s/held", script_server.dir);
    if (mkdir(held, 0755) != 0)
        return -1;
    say("");
    return script_setup(options) == 0 && script_open_to_all("/stay") ? 0 : -1;
}

/* Who keeps a handle finds its file again. */
static void exports_come_and_go(void **state)
{
    uint64_t before = root_change();
    struct client_fh fh, dir;
    struct client_file file;

    (void)state;
    expect_status(client_file_lookup(&alice, "/local", &fh), NFS4ERR_NOENT);
    reload(local(""));
    assert_true(changed("export /local added"));
    assert_true(root_change() > before);
    dir = script_dir("/local");
    file = make_open(&alice, &dir, "kept");
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    reload("");
    assert_true(changed("export /local removed"));
    begin(&alice, &file.fh);
    run(NFS4ERR_STALE);
    expect_status(client_file_lookup(&alice, "/local", &fh), NFS4ERR_NOENT);
    reload(local(""));
    begin(&alice, &file.fh);
    client_op_getfh(C);
    run(NFS4_OK);
    reload("");
}

/* From the next request on, also for whoever has the handle already. */
static void options_change(void **state)
{
    struct client_fh dir, made;

    (void)state;
    reload(local(""));
    dir = script_dir("/local");
    reload(local(", access: ro"));
    assert_true(changed("export /local changed: access"));
    expect_status(client_file_mkdir(&alice, &dir, "new", &made), NFS4ERR_ROFS);
    reload(local(", clients: [192.0.2.1]"));
    assert_true(changed("export /local changed: access, clients"));
    begin(&alice, &dir);
    run(NFS4ERR_STALE);
    reload(local(""));
    expect_status(client_file_mkdir(&alice, &dir, "new", &made), NFS4_OK);
    reload("");
}

/* The log says who uses it. */
static void exports_in_use_stay(void **state)
{
    struct client_fh dir;
    struct client_file file;

    (void)state;
    reload(local(""));
    dir = script_dir("/local");
    file = make_open(&alice, &dir, "open");
    reload("");
    assert_true(changed("export /local stays as it was: 1 client (1 open"));
    script_read_is(&alice, &file, NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    if (client_file_delegation(&file))
        expect_status(client_file_return(&alice, &file.fh, client_file_delegation(&file)), NFS4_OK);
    reload("");
    assert_true(changed("export /local removed"));
    begin(&alice, &file.fh);
    run(NFS4ERR_STALE);
}

/* All of it is refused. */
static void wrong_files(void **state)
{
    static const struct {
        const char *more, *error;
    } rows[] = {
        {"- { path: /a, backend: nope }\n", "mainstay.conf:4: "},
        {"- { path: /a, backend: local, argument: /not/there }\n", "mainstay.conf:4: "},
        {"- { path: /new, backend: mem }\n- { path: /stay, backend: mem }\n", "mainstay.conf:5: "},
        {"- { path: /new, backend: mem, acess: ro }\n", "mainstay.conf:4: "},
        {"- { path: /new, backend: mem, anonuid: -1 }\n", "mainstay.conf:4: "},
        {"- { path: /new, backend: mem, clients: [nobody] }\n", "mainstay.conf:4: "},
        {"- { path: /new, backend: mem }\nsettings: { nfs.slots: many }\n", "mainstay.conf:5: "},
        {"- { path: /new, backend: mem }\nthreads: 0.5\n", "mainstay.conf:5: "},
        {"- [\n", "mainstay.conf:"},
    };
    struct client_fh fh;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        say(rows[i].more);
        hang_up("daemon.hangup"); /* the line after those of the file */
        if (!changed(rows[i].error) || !changed("error="))
            fail_msg("%s: %s", rows[i].more, log_find("daemon.reload", NULL).text);
        expect_status(client_file_lookup(&alice, "/new", &fh), NFS4ERR_NOENT);
        expect_status(client_file_lookup(&alice, "/stay", &fh), NFS4_OK);
    }
    say("");
}

/* What needs a restart is named, settings change. */
static void other_keys(void **state)
{
    (void)state;
    reload("descriptors: 800\n");
    assert_true(changed("descriptors: 800 from the next start on, now as many as it may have"));
    reload("admin: [none]\n");
    assert_true(changed("admin: none from the next start on"));
    reload("grace: 33\n");
    assert_true(changed("setting nfs.grace_s: 33 from the next start on, now lease"));
    reload("");
    assert_true(changed("setting nfs.grace_s: stays lease at the next start, was to be 33"));
    reload("settings: { nfs.recall_park_ms: 17 }\n");
    assert_true(changed("setting nfs.recall_park_ms: 17, was "));
    reload("");
    assert_true(changed("setting nfs.recall_park_ms: "));
}

static struct {
    _Atomic bool stop;
    _Atomic unsigned turns;
    _Atomic int64_t longest_ms;
    _Atomic enum nfsstat4 failed;
} work;

static void note(enum nfsstat4 status)
{
    if (status != NFS4_OK)
        atomic_store(&work.failed, status);
}

/* A client that goes on in an export that does not change. */
static void *work_run(void *arg)
{
    const struct client_fh *dir = arg;

    while (!atomic_load(&work.stop) && atomic_load(&work.failed) == NFS4_OK) {
        int64_t begun = wait_now_ms(), took;
        struct client_file file;
        uint32_t done = 0;
        char data[8];
        bool eof;

        note(client_file_open_rw(&bob, dir, "worked", &file));
        note(client_file_write(&bob, &file, 0, FILE_SYNC4, "worked", 6, &done));
        note(client_file_read(&bob, &file, 0, data, sizeof(data), &done, &eof));
        note(client_file_close(&bob, &file));
        took = wait_now_ms() - begun;
        if (took > atomic_load(&work.longest_ms))
            atomic_store(&work.longest_ms, took);
        atomic_fetch_add(&work.turns, 1);
    }
    return NULL;
}

static int64_t longest_for(unsigned turns)
{
    unsigned begun = atomic_load(&work.turns);

    atomic_store(&work.longest_ms, 0);
    wait_until(atomic_load(&work.turns) >= begun + turns || atomic_load(&work.failed) != NFS4_OK);
    return atomic_load(&work.longest_ms);
}

static int64_t longest_in_reloads(void)
{
    unsigned begun = atomic_load(&work.turns);

    atomic_store(&work.longest_ms, 0);
    for (int i = 0; i < RELOADS; i += 4) {
        reload(local(""));
        reload(local(", access: ro"));
        reload("- { path: /one/two, backend: mem }\n");
        reload("");
    }
    assert_true(atomic_load(&work.turns) > begun);
    return atomic_load(&work.longest_ms);
}

/* L-15: no error, no grace, no pause in an export that does not change.  A pause of the machine
 * does not come each time. */
static void clients_go_on(void **state)
{
    struct client_fh dir = script_dir("/stay");
    struct client_file file = make_open(&bob, &dir, "worked");
    unsigned graces = log_find("recovery.grace.begin", NULL).count;
    int64_t usual_ms, longest_ms = INT64_MAX;
    pthread_t worker;

    (void)state;
    expect_status(client_file_close(&bob, &file), NFS4_OK);
    assert_int_equal(pthread_create(&worker, NULL, work_run, &dir), 0);
    usual_ms = longest_for(500);
    for (int i = 0; i < TIMES && longest_ms > PAUSE_MS && longest_ms > SLOW_TIMES * usual_ms; i++)
        longest_ms = longest_in_reloads();
    atomic_store(&work.stop, true);
    assert_int_equal(pthread_join(worker, NULL), 0);
    expect_status(atomic_load(&work.failed), NFS4_OK);
    assert_int_equal(log_find("recovery.grace.begin", NULL).count, graces);
    if (longest_ms > PAUSE_MS && longest_ms > SLOW_TIMES * usual_ms)
        fail_msg("a pause of %ld ms; %ld ms without reloads", (long)longest_ms, (long)usual_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exports_come_and_go),
        cmocka_unit_test(options_change),
        cmocka_unit_test(exports_in_use_stay),
        cmocka_unit_test(wrong_files),
        cmocka_unit_test(other_keys),
        cmocka_unit_test(clients_go_on),
        cmocka_unit_test(exports_in_a_delegated_directory),
    };

    return cmocka_run_group_tests(tests, setup, script_teardown);
}
