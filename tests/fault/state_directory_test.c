/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damage to the files of the state directory, mostly while the server is down: flipped bits,
 * truncation, removal. The server either refuses to start and names the file, or it has everything:
 * its name, the keys of its filehandles, the records of its clients. It logs whatever it has to do
 * without.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/lives.h"

enum {
    INSTANCE_CHARS = 32,
};

static const char *const options[] = {"--export", "/mem=mem:", "--export", lives_local,
                                      "--lease",  "90",        NULL};

static struct client_fh file;
static char instance[INSTANCE_CHARS];

/* A path below the server's directory. */
static const char *path(const char *format, const char *name)
{
    static char text[192];

    (void)snprintf(text, sizeof(text), format, script_server.dir, name);
    return text;
}

static void shell(const char *format)
{
    char command[512];

    (void)snprintf(command, sizeof(command), format, script_server.dir, script_server.dir,
                   script_server.dir);
    assert_int_equal(system(command), 0);
}

static void come(void)
{
    lives_come(&alice, "alice", 1);
    lives_complete(&alice);
}

static void instance_read(char id[INSTANCE_CHARS])
{
    int fd = open(path("%s/state/%s", "instance-id"), O_RDONLY);

    assert_true(fd >= 0);
    assert_int_equal(read(fd, id, INSTANCE_CHARS), INSTANCE_CHARS);
    close(fd);
}

/* A client with a record and a file; then the server is killed. */
static int setup(void **state)
{
    (void)state;
    if (lives_begin(options, come) != 0)
        return -1;
    file = make_open(&alice, &lives_dir, "file").fh;
    instance_read(instance);
    test_server_kill(&script_server);
    shell("cp -a %s/state %s/whole");
    return 0;
}

static int teardown(void **state)
{
    if (script_server.pid == 0)
        (void)test_server_start(&script_server, NULL);
    return lives_end(state);
}

static bool log_says(const char *text)
{
    FILE *log = fopen(script_server.log, "r");
    char line[512];
    bool said = false;

    assert_non_null(log);
    while (!said && fgets(line, sizeof(line), log))
        said = strstr(line, text) != NULL;
    (void)fclose(log);
    return said;
}

static void has_everything(void)
{
    char now[INSTANCE_CHARS];

    assert_true(log_says("recovery.grace.begin"));
    assert_true(log_says("awaited=1"));
    instance_read(now);
    assert_memory_equal(now, instance, INSTANCE_CHARS);
    lives_come(&alice, "alice", 2);
    begin(&alice, &file);
    client_op_getattr(C, CLIENT_BITS(FATTR4_FILEID));
    run(NFS4_OK);
}

/* Put the whole directory back as it was. */
static void restore(void)
{
    test_server_kill(&script_server);
    shell("rm -rf %s/state && cp -a %s/whole %s/state");
}

/* Start with the damage, and restore the directory afterwards. Returns whether the start was
 * refused. */
static bool refused(const char *name)
{
    bool ready = test_server_start(&script_server, NULL);

    if (ready)
        has_everything();
    else if (!log_says(name))
        fail_msg("the refusal does not name %s", name);
    restore();
    return !ready;
}

static off_t size_of(const char *name)
{
    struct stat st;

    assert_int_equal(stat(path("%s/state/%s", name), &st), 0);
    return st.st_size;
}

static void flip(const char *name, off_t at)
{
    int fd = open(path("%s/state/%s", name), O_RDWR);
    uint8_t byte;

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void cut(const char *name, off_t len)
{
    assert_int_equal(truncate(path("%s/state/%s", name), len), 0);
}

static void drop(const char *name)
{
    assert_int_equal(unlink(path("%s/state/%s", name)), 0);
}

/* The file exists twice: either copy is enough. */
static void one_copy(const char *name)
{
    const off_t size = size_of(name);
    const off_t flips[] = {0, size / 2, size - 2};

    for (size_t i = 0; i < ARRAY_SIZE(flips); i++) {
        flip(name, flips[i]);
        assert_false(refused(name));
    }
    cut(name, 0);
    assert_false(refused(name));
    cut(name, size - 1);
    assert_false(refused(name));
    drop(name);
    assert_false(refused(name));
}

static void kept_twice(void **state)
{
    (void)state;
    one_copy("instance-id");
    one_copy("instance-id.copy");
    one_copy("local.key");
    one_copy("local.key.copy");
}

static void both_copies(void **state)
{
    static const char *const names[][2] = {{"instance-id", "instance-id.copy"},
                                           {"local.key", "local.key.copy"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        flip(names[i][0], 3);
        flip(names[i][1], 4);
        assert_true(refused(names[i][0]));
    }
    drop("instance-id");
    drop("instance-id.copy");
    assert_true(refused("instance-id"));
}

/* No client can reclaim, and the log says so. */
static void without_records(void)
{
    assert_true(test_server_start(&script_server, NULL));
    assert_true(log_says("state_dir.recovery_missing"));
    restore();
}

static void records(void **state)
{
    const off_t size = size_of("recovery.db");
    unsigned count = 0;

    (void)state;
    for (off_t at = 61; at < size; at += size / 16) {
        flip("recovery.db", at);
        count += refused("recovery.db");
    }
    for (off_t len = 0; len < size; len += 4096) {
        cut("recovery.db", len);
        if (len > 0)
            assert_true(refused("recovery.db"));
        else
            without_records();
    }
    assert_true(count > 0);
}

static void no_records(void **state)
{
    (void)state;
    drop("recovery.db");
    without_records();
}

/* All handles are invalid, and the log says so. */
static void no_key(void **state)
{
    (void)state;
    drop("local.key");
    drop("local.key.copy");
    assert_true(test_server_start(&script_server, NULL));
    assert_true(log_says("local.key.created"));
    lives_come(&alice, "alice", 2);
    begin(&alice, &file);
    run(NFS4ERR_STALE);
    restore();
    assert_false(refused("local.key"));
    assert_false(log_says("local.key.created"));
}

static void carol_completes(enum nfsstat4 expected)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_reclaim_complete(&carol.conn, &carol.session, &status),
                     CLIENT_OK);
    expect_status(status, expected);
}

/* Removed while the server runs: what it writes would be lost to its next life, so it accepts no
 * client that it cannot record. Existing clients go on. */
static void records_lost_meanwhile(void **state)
{
    (void)state;
    assert_true(test_server_start(&script_server, NULL));
    lives_come(&alice, "alice", 1);
    lives_complete(&alice);
    lives_come(&bob, "bob", 1);
    lives_complete(&bob); /* SQLite itself would notice this only at its first change */
    lives_come(&carol, "carol", 1);
    drop("recovery.db");
    carol_completes(NFS4ERR_DELAY);
    assert_true(log_says("recovery.db error=\"the file was removed or replaced"));
    begin(&alice, &file);
    client_op_getattr(C, CLIENT_BITS(FATTR4_FILEID));
    run(NFS4_OK);
    restore();
    assert_true(test_server_start(&script_server, NULL));
    has_everything();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kept_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(both_copies, setup, teardown),
        cmocka_unit_test_setup_teardown(records, setup, teardown),
        cmocka_unit_test_setup_teardown(no_records, setup, teardown),
        cmocka_unit_test_setup_teardown(no_key, setup, teardown),
        cmocka_unit_test_setup_teardown(records_lost_meanwhile, setup, teardown),
    };

    return test_group_run(tests);
}
