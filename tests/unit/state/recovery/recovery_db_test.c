/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of clients on disk: who can read it, its format, and what is guaranteed when it cannot
 * be written.
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "lib/disk.h"
#include "state/recovery/recovery_grace.h"
#include "unit/state/recovery/recovery_fixture.h"
#include "vfs/vfs_blocking.h"

static const char *db_path(void)
{
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/recovery.db", directory);
    return path;
}

static size_t file_read(const char *path, char *data, size_t size)
{
    FILE *file = fopen(path, "r");
    size_t len;

    assert_non_null(file);
    len = fread(data, 1, size, file);
    (void)fclose(file);
    return len;
}

static void file_write(const char *path, const char *data, size_t len)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void refuses(const char *why)
{
    const struct recovery_config config = {dir_fd, LEASE_S, GRACE_S};
    char error[256] = "";

    assert_null(recovery_open(&config, clock_now_ns(), error, sizeof(error)));
    if (!strstr(error, why))
        fail_msg("\"%s\" does not say \"%s\"", error, why);
}

enum {
    CROWD = 200,
    THREADS = 50
};

static void crowd_name(char *name, size_t size, int i)
{
    (void)snprintf(name, size, "client number %d", i);
}

static void *complete_some(void *arg)
{
    struct client **clients = arg;

    for (int i = 0; i < CROWD / THREADS; i++)
        CHECK(client_reclaim_complete(clients[i]) == NFS4_OK);
    return NULL;
}

/* Many clients at once; one write includes the records of others. */
static void complete_crowd(void)
{
    struct client *clients[CROWD];
    pthread_t threads[THREADS];
    char name[32];

    for (int i = 0; i < CROWD; i++) {
        crowd_name(name, sizeof(name), i);
        clients[i] = come(name);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, complete_some,
                                        &clients[(size_t)i * (CROWD / THREADS)]),
                         0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void crowd(void **unused)
{
    char name[32];

    (void)unused;
    complete_crowd();
    crash();
    for (int i = 1; i < CROWD; i++) {
        crowd_name(name, sizeof(name), i);
        assert_true(come(name)->may_reclaim);
    }
    crash();
    assert_true(in_grace());
    complete_crowd();
    assert_false(in_grace());
}

/* Other users cannot read the names of clients, also after an upgrade from an older file. */
static void private_to_the_server(void **unused)
{
    static const char *const names[] = {"recovery.db", "recovery.db-journal"};
    struct stat about;

    (void)unused;
    complete_crowd();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fstatat(dir_fd, names[i], &about, 0), 0);
        assert_int_equal(about.st_mode & 07777, 0600);
    }
    end_life();
    assert_int_equal(fchmodat(dir_fd, "recovery.db", 0644, 0), 0);
    begin_life();
    assert_int_equal(fstatat(dir_fd, "recovery.db", &about, 0), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
}

/* A damaged database is an error and stays as it is. */
static void damaged(void **unused)
{
    static char before[65536], after[65536];
    size_t len;

    (void)unused;
    complete_crowd();
    end_life();
    len = file_read(db_path(), before, sizeof(before));
    assert_true(len > 8192 && len < sizeof(before));

    file_write(db_path(), "this is no database, whoever put it there ........................", 60);
    refuses("not a database");
    file_write(db_path(), before, len / 2);
    refuses("recovery.db: ");
    memcpy(after, before, len);
    memset(after + 8192, 0xa5, 4096); /* the page of a table with little content */
    file_write(db_path(), after, len);
    refuses("damaged");
    memset(after + 4096, 0xa5, len - 4096);
    file_write(db_path(), after, len);
    refuses("recovery.db: ");
    assert_int_equal(file_read(db_path(), before + len, sizeof(before) - len), len);
    assert_memory_equal(before + len, after, len);

    file_write(db_path(), before, len);
    begin_life();
    assert_true(come("client number 7")->may_reclaim);
}

static void sql(const char *text)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(db_path(), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void sql_text(const char *text, char *value, size_t size)
{
    sqlite3_stmt *s;
    sqlite3 *db;

    assert_int_equal(sqlite3_open(db_path(), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_true(snprintf(value, size, "%s", (const char *)sqlite3_column_text(s, 0)) < (int)size);
    assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int64_t sql_number(const char *text)
{
    char value[32];

    sql_text(text, value, sizeof(value));
    return strtoll(value, NULL, 10);
}

#define DROP_TRIGGERS                                                                              \
    "DROP TRIGGER seal_client_INSERT; DROP TRIGGER seal_client_DELETE;"                            \
    "DROP TRIGGER seal_client_UPDATE; DROP TRIGGER seal_server_INSERT;"                            \
    "DROP TRIGGER seal_server_DELETE; DROP TRIGGER seal_server_UPDATE;"

/* While the triggers exist no change is possible without the functions that they call. */
static void change_past_triggers(const char *change)
{
    char triggers[4096];

    sql_text("SELECT group_concat(sql, ';') FROM sqlite_master WHERE type = 'trigger'", triggers,
             sizeof(triggers));
    sql(DROP_TRIGGERS);
    sql(change);
    sql(triggers);
}

/* As the second version left it: any program can write to it. */
static void unseal(void)
{
    sql("DROP TABLE seal;" DROP_TRIGGERS "PRAGMA user_version = 2");
}

static void strange(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    end_life();
    sql("PRAGMA user_version = 4");
    refuses("schema 4");
    sql("PRAGMA user_version = 0");
    refuses("schema 0");
    sql("PRAGMA user_version = 3; PRAGMA application_id = 7");
    refuses("not a database of mainstayd");
    sql("PRAGMA application_id = 1296978772");
    unseal();
    sql("UPDATE client SET uid = -1");
    refuses("invalid value");
    unseal();
    sql("UPDATE client SET uid = 1000, kind = 2");
    refuses("invalid value");
    unseal();
    sql("UPDATE client SET kind = 1");
    begin_life();
    assert_true(come("alice")->may_reclaim);
}

/* A write by another program breaks the seal, even with valid rows. */
static void sealed(void **unused)
{
    static const char *const changes[] = {
        "UPDATE client SET lost = 1 WHERE owner = CAST('client number 7' AS BLOB)",
        "DELETE FROM client WHERE owner = CAST('client number 7' AS BLOB)",
        "DELETE FROM client",
        "INSERT INTO client VALUES (CAST('zoe' AS BLOB), 1, 1000, 1, 0)",
        "UPDATE server SET lease_s = lease_s + 1",
        "DELETE FROM seal",
        "UPDATE seal SET sum = sum + 1",
    };
    static char before[65536];
    size_t len;

    (void)unused;
    complete_crowd();
    end_life();
    len = file_read(db_path(), before, sizeof(before));
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        change_past_triggers(changes[i]);
        refuses("recovery.db: damaged: records of ");
        file_write(db_path(), before, len);
    }
    sql("DROP TRIGGER seal_client_DELETE");
    refuses("recovery.db: damaged: records of ");
    file_write(db_path(), before, len);
    begin_life();
    assert_true(come("client number 7")->may_reclaim);
}

/* Flips some bits of the file, one at a time: nothing is lost unnoticed. Bytes that SQLite does not
 * use may change. */
static void flipped_bits(void **unused)
{
    enum {
        STEP_BITS = 601
    };
    static char before[65536], flipped[65536];
    size_t len, refused = 0, tried = 0;

    (void)unused;
    come_and_complete("alice");
    end_life();
    len = file_read(db_path(), before, sizeof(before));
    for (size_t bit = 0; bit < len * 8; bit += STEP_BITS, tried++) {
        const struct recovery_config config = {dir_fd, LEASE_S, GRACE_S};
        char error[256] = "";
        struct recovery *recovery;

        memcpy(flipped, before, len);
        flipped[bit / 8] = (char)(flipped[bit / 8] ^ 1 << bit % 8);
        file_write(db_path(), flipped, len);
        recovery = recovery_open(&config, clock_now_ns(), error, sizeof(error));
        refused += !recovery;
        if (!recovery) {
            assert_non_null(strstr(error, "recovery.db: "));
            continue;
        }
        /* One record, and its client. */
        assert_true(recovery_in_grace(recovery));
        recovery_close(recovery);
        assert_int_equal(
            sql_number("SELECT count(*) FROM client WHERE owner = CAST('alice' AS BLOB)"
                       " AND flavor = 1 AND kind = 1 AND lost = 0"),
            1);
    }
    assert_true(refused > 0 && refused < tried);
    file_write(db_path(), before, len);
    begin_life();
    assert_true(come("alice")->may_reclaim);
}

/* The file of a server that supported 4.1 only. */
static void first_version(void **unused)
{
    struct client *alice;

    (void)unused;
    end_life();
    sql("DROP TABLE client;"
        "CREATE TABLE client ("
        " owner BLOB NOT NULL, flavor INTEGER NOT NULL, uid INTEGER NOT NULL,"
        " lost INTEGER NOT NULL,"
        " PRIMARY KEY (owner, flavor, uid)) WITHOUT ROWID;"
        "INSERT INTO client VALUES (CAST('alice' AS BLOB), 1, 1000, 0);"
        "INSERT INTO client VALUES (CAST('bob' AS BLOB), 1, 1000, 1);"
        "PRAGMA user_version = 1");
    begin_life();
    assert_true(in_grace());
    alice = come("alice");
    assert_true(alice->may_reclaim);
    assert_false(come("bob")->may_reclaim);
    complete(alice);
    assert_false(in_grace());
    end_life();
    assert_int_equal(sql_number("PRAGMA user_version"), 3);
    assert_int_equal(sql_number("SELECT count(*) FROM client WHERE kind = 1 AND lost = 0"), 1);
    begin_life();
    assert_true(come("alice")->may_reclaim);
}

/* Repeated crashes in grace: new clients must not add more rows to those of former lives than the
 * next life accepts. */
static void many_records(void **unused)
{
    struct client *alice;
    char text[256];

    (void)unused;
    come_and_complete("zoe");
    end_life();
    unseal();
    (void)snprintf(text, sizeof(text),
                   "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < %u) "
                   "INSERT INTO client SELECT CAST(i AS BLOB), 1, 1000, 1, 0 FROM n",
                   LIMIT_RECOVERY_RECORDS);
    sql(text);
    begin_life();
    alice = come("alice");
    assert_int_equal(client_reclaim_complete(alice), NFS4ERR_DELAY);
    complete(come("zoe"));
    crash();
    assert_true(come("zoe")->may_reclaim);
    alice = come("alice");
    tick_at(GRACE_S);
    assert_false(in_grace());
    complete(alice);
}

static void unwritable(void **unused)
{
    const struct recovery_config config = {dir_fd, LEASE_S + 1, GRACE_S}; /* to be stored */
    char error[256] = "";

    (void)unused;
    come_and_complete("alice");
    end_life();
    disk_full(true);
    assert_null(recovery_open(&config, clock_now_ns(), error, sizeof(error)));
    disk_full(false);
    assert_non_null(strstr(error, "recovery.db: "));
    begin_life();
    assert_true(come("alice")->may_reclaim);
}

/* What cannot be written has no effect: RECLAIM_COMPLETE fails, nothing may be revoked. */
static void cannot_be_written(void **unused)
{
    struct client *alice = come_and_complete("alice"), *bob = come("bob");

    (void)unused;
    disk_full(true);
    assert_int_equal(client_reclaim_complete(bob), NFS4ERR_DELAY);
    assert_false(bob->reclaim_complete);
    assert_false(recovery_client_mark_loss(state->recovery, alice));
    disk_full(false);
    crash();
    assert_true(come("alice")->may_reclaim);
    bob = come("bob");
    assert_false(bob->may_reclaim);
    complete(bob);
}

static int writes; /* number of writes awaited */

static void count_write(bool surely)
{
    section_begin(surely);
    writes++;
}

/* A failed transaction may have reached the disk all the same: a loss is treated as if it had, and
 * the record is removed. */
static void may_be_written(void **unused)
{
    struct client *alice = come("alice");

    (void)unused;
    disk_full(true);
    assert_int_equal(client_reclaim_complete(alice), NFS4ERR_DELAY);
    assert_false(recovery_client_mark_loss(state->recovery, alice));
    disk_full(false);
    count_revoked(alice, 1);
    assert_true(recovery_client_mark_loss(state->recovery, alice));
    end_life();
    assert_int_equal(sql_number("SELECT count(*) FROM client WHERE lost"), 1);
    begin_life();
    assert_false(in_grace());
}

static void may_be_written_and_goes(void **unused)
{
    struct client *alice = come("alice");

    (void)unused;
    disk_full(true);
    assert_int_equal(client_reclaim_complete(alice), NFS4ERR_DELAY);
    holds_state = true;
    (void)come_as("alice", 2, OWNER_UID);
    assert_int_equal(recovery_grant_status(state->recovery), NFS4ERR_DELAY);
    disk_full(false);
    tick_at(1);
    assert_int_equal(recovery_grant_status(state->recovery), NFS4_OK);
}

/* And the note of her loss may be there; it is removed when she has acknowledged. */
static void may_be_lost(void **unused)
{
    struct client *alice = come_and_complete("alice");

    (void)unused;
    count_revoked(alice, 1);
    disk_full(true);
    assert_false(recovery_client_mark_loss(state->recovery, alice));
    disk_full(false);
    count_revoked(alice, -1);
    writes = 0;
    vfs_blocking_hooks = (struct vfs_blocking_hooks){count_write, section_end};
    recovery_client_clear_loss(state->recovery, alice);
    assert_int_equal(writes, 1);
    recovery_client_clear_loss(state->recovery, alice); /* now the loss is acknowledged */
    assert_int_equal(writes, 1);
}

/* The grace period goes on until the clients that did not return are removed from the record. */
static void cannot_end(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    crash();
    disk_full(true);
    tick_at(GRACE_S);
    assert_true(in_grace());
    disk_full(false);
    tick_at(GRACE_S + 1);
    assert_false(in_grace());
}

/* A removed client's state is not granted until the removal is on disk. */
static void cannot_forget(void **unused)
{
    struct client *alice = come_and_complete("alice");
    struct client *bob = come_and_complete("bob");

    (void)unused;
    disk_full(true);
    leave(alice); /* had no state: harmless */
    assert_false(in_grace());
    holds_state = true;
    (void)come_as("bob", 2, OWNER_UID);
    (void)bob;
    assert_int_equal(recovery_grant_status(state->recovery), NFS4ERR_DELAY);
    tick_at(1);
    assert_int_equal(recovery_grant_status(state->recovery), NFS4ERR_DELAY);
    disk_full(false);
    tick_at(2);
    assert_int_equal(recovery_grant_status(state->recovery), NFS4_OK);
    crash();
    assert_false(in_grace());
}

/* The next incarnation takes over the row that could not be removed. */
static void takes_over(void **unused)
{
    struct client *next;

    (void)unused;
    come_and_complete("alice");
    disk_full(true);
    holds_state = true;
    next = come_as("alice", 2, OWNER_UID);
    disk_full(false);
    complete(next);
    assert_int_equal(recovery_grant_status(state->recovery), NFS4_OK);
    tick_at(1);
    crash();
    assert_true(come_as("alice", 2, OWNER_UID)->may_reclaim);
}

/* A confirmed change is in the file at once: a copy of it taken now is complete. */
static void is_on_disk(void **unused)
{
    static char data[1u << 20];
    size_t len;

    (void)unused;
    come_and_complete("alice");
    len = file_read(db_path(), data, sizeof(data));
    end_life();
    file_write(db_path(), data, len);
    assert_int_equal(unlinkat(dir_fd, "recovery.db-journal", 0), 0);
    begin_life();
    assert_true(come("alice")->may_reclaim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECOVERY_TEST(crowd),          RECOVERY_TEST(private_to_the_server),
        RECOVERY_TEST(damaged),        RECOVERY_TEST(strange),
        RECOVERY_TEST(sealed),         RECOVERY_TEST(flipped_bits),
        RECOVERY_TEST(first_version),  RECOVERY_TEST(many_records),
        RECOVERY_TEST(unwritable),     RECOVERY_TEST(cannot_be_written),
        RECOVERY_TEST(may_be_written), RECOVERY_TEST(may_be_written_and_goes),
        RECOVERY_TEST(may_be_lost),    RECOVERY_TEST(cannot_end),
        RECOVERY_TEST(cannot_forget),  RECOVERY_TEST(takes_over),
        RECOVERY_TEST(is_on_disk),
    };

    return test_group_run(tests);
}
