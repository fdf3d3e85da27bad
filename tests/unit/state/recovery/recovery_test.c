/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may reclaim after a restart.
 */
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "unit/state/recovery/recovery_fixture.h"
#include "vfs/vfs.h"

static enum nfsstat4 reclaim(struct client *client)
{
    enum nfsstat4 status = recovery_reclaim_begin(state->recovery, client, clock_now_ns());

    if (status == NFS4_OK)
        recovery_reclaim_end(state->recovery);
    return status;
}

static void nobody_to_wait_for(void **unused)
{
    struct client *alice;

    (void)unused;
    assert_false(in_grace());
    alice = come("alice");
    assert_false(alice->may_reclaim);
    assert_int_equal(reclaim(alice), NFS4ERR_NO_GRACE);
    crash(); /* she has not completed, so she is not known */
    assert_false(in_grace());
}

/* P-12, L-11: who was recorded reclaims until RECLAIM_COMPLETE, and nobody else does. */
static void reclaims(void **unused)
{
    struct client *alice, *bob;

    (void)unused;
    come_and_complete("alice");
    crash();
    assert_true(in_grace());
    alice = come("alice");
    bob = come("bob");
    assert_true(alice->may_reclaim);
    assert_int_equal(reclaim(alice), NFS4_OK);
    assert_int_equal(reclaim(bob), NFS4ERR_NO_GRACE);
    complete(bob);
    assert_true(in_grace());
    complete(alice);
    assert_false(in_grace());
    assert_int_equal(reclaim(alice), NFS4ERR_NO_GRACE);
    assert_int_equal(client_reclaim_complete(alice), NFS4ERR_COMPLETE_ALREADY);
    crash();
    assert_true(come("alice")->may_reclaim);
    assert_true(come("bob")->may_reclaim);
}

/* SR-20: completing ends a client's reclaims also while others go on. */
static void completes_among_others(void **unused)
{
    struct client *alice;

    (void)unused;
    come_and_complete("alice");
    come_and_complete("bob");
    crash();
    alice = come("alice");
    complete(alice);
    assert_true(in_grace());
    assert_int_equal(reclaim(alice), NFS4ERR_NO_GRACE);
    assert_int_equal(client_reclaim_complete(alice), NFS4ERR_COMPLETE_ALREADY);
    complete(come("bob"));
    assert_false(in_grace());
}

/* RFC 8881 §8.4.3, the second edge condition. */
static void comes_too_late(void **unused)
{
    struct client *alice;

    (void)unused;
    come_and_complete("alice");
    come_and_complete("bob");
    crash();
    alice = come("alice");
    assert_int_equal(reclaim(alice), NFS4_OK);
    complete(come("bob"));
    tick_at(GRACE_S - 1);
    assert_true(in_grace());
    tick_at(GRACE_S);
    assert_false(in_grace());
    assert_int_equal(reclaim(alice), NFS4ERR_NO_GRACE);
    crash();
    assert_true(in_grace());
    assert_false(come("alice")->may_reclaim);
    assert_true(come("bob")->may_reclaim);
}

/* The time in which a server comes up, and nobody can reach it, counts for nothing. */
static void comes_up_slowly(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    crash();
    recovery_listening(state->recovery, born_ns + 100 * NSEC_PER_SEC);
    tick_at(99 + GRACE_S);
    assert_true(in_grace());
    assert_int_equal(reclaim(come("alice")), NFS4_OK);
    tick_at(100 + GRACE_S);
    assert_false(in_grace());
}

/* Late, but heard again: what it has from then on it may reclaim. */
static void completes_after_grace(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    crash();
    tick_at(GRACE_S);
    come_and_complete("alice");
    crash();
    assert_true(come("alice")->may_reclaim);
}

/* Whoever is at it is not cut off, up to twice the time. */
static void goes_on_while_reclaiming(void **unused)
{
    struct client *alice;

    (void)unused;
    come_and_complete("alice");
    crash();
    alice = come("alice");
    for (int second = GRACE_S - 1; second < 2 * GRACE_S; second++) {
        int64_t now_ns = born_ns + second * NSEC_PER_SEC;

        assert_int_equal(recovery_reclaim_begin(state->recovery, alice, now_ns), NFS4_OK);
        recovery_reclaim_end(state->recovery);
        tick_at(second);
        assert_true(in_grace());
    }
    tick_at(2 * GRACE_S);
    assert_false(in_grace());
}

static void pauses_too_long(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    crash();
    assert_int_equal(reclaim(come("alice")), NFS4_OK);
    tick_at(GRACE_S);
    assert_false(in_grace());
}

/* The period does not end under a reclaim that is being granted. */
static void waits_for_reclaim(void **unused)
{
    struct client *alice;

    (void)unused;
    come_and_complete("alice");
    crash();
    alice = come("alice");
    assert_int_equal(recovery_reclaim_begin(state->recovery, alice, born_ns), NFS4_OK);
    tick_at(2 * GRACE_S);
    assert_true(in_grace());
    recovery_reclaim_end(state->recovery);
    tick_at(2 * GRACE_S);
    assert_false(in_grace());
}

/* A crash in the middle keeps everybody's right: of those who have come and of those who have not. */
static void crashes_in_grace(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    come_and_complete("bob");
    come_and_complete("carol");
    crash();
    come_and_complete("alice");
    (void)come("bob");
    crash();
    assert_true(in_grace());
    assert_true(come("alice")->may_reclaim);
    assert_true(come("bob")->may_reclaim);
    assert_true(come("carol")->may_reclaim);
    come_and_complete("dave");
    crash();
    assert_true(come("carol")->may_reclaim);
    assert_true(come("dave")->may_reclaim);
}

/* RFC 8881 §8.4.3, the first edge condition. */
static void lost_in_a_partition(void **unused)
{
    struct client *alice, *bob;

    (void)unused;
    alice = come_and_complete("alice");
    (void)come_and_complete("bob");
    count_revoked(alice, 1);
    assert_true(recovery_client_lost(state->recovery, alice));
    crash();
    assert_true(in_grace());
    alice = come("alice");
    assert_false(alice->may_reclaim);
    assert_int_equal(reclaim(alice), NFS4ERR_NO_GRACE);
    bob = come("bob");
    complete(bob); /* nobody waits for alice */
    assert_false(in_grace());
    complete(alice);
    crash();
    assert_true(come("alice")->may_reclaim);
}

/* What is lost stays lost over a second crash, and is nobody to wait for. */
static void stays_lost(void **unused)
{
    struct client *alice = come_and_complete("alice");

    (void)unused;
    assert_true(recovery_client_lost(state->recovery, alice));
    come_and_complete("bob");
    crash();
    assert_false(come("alice")->may_reclaim);
    crash();
    assert_false(come("alice")->may_reclaim);
    complete(come("bob"));
    assert_false(in_grace());
}

static void acknowledges_losses(void **unused)
{
    struct client *alice = come_and_complete("alice");

    (void)unused;
    count_revoked(alice, 2);
    assert_true(recovery_client_lost(state->recovery, alice));
    count_revoked(alice, -1);
    recovery_client_whole(state->recovery, alice); /* one is left */
    crash();
    assert_false(come("alice")->may_reclaim);

    alice = come_and_complete("alice");
    count_revoked(alice, 1);
    assert_true(recovery_client_lost(state->recovery, alice));
    count_revoked(alice, -1);
    recovery_client_whole(state->recovery, alice);
    crash();
    alice = come_and_complete("alice");
    assert_true(alice->may_reclaim);

    count_revoked(alice, 1);
    assert_true(recovery_client_lost(state->recovery, alice));
    count_revoked(alice, -1);
    recovery_client_whole(state->recovery, alice);
    count_revoked(alice, 1);
    assert_true(recovery_client_lost(state->recovery, alice)); /* once more is written once more */
    crash();
    assert_false(come("alice")->may_reclaim);
}

/* Expired while others reclaim: it is not waited for any more. */
static void lost_in_grace(void **unused)
{
    struct client *alice;

    (void)unused;
    come_and_complete("alice");
    crash();
    alice = come("alice");
    assert_true(recovery_client_lost(state->recovery, alice));
    assert_int_equal(reclaim(alice), NFS4ERR_NO_GRACE);
    tick_at(1);
    assert_false(in_grace());
    crash();
    assert_false(come("alice")->may_reclaim);
}

/* A client that rebooted has nothing, and what it had is forgotten. */
static void reboots(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    (void)come_as("alice", 2, OWNER_UID);
    crash();
    assert_false(in_grace());
    complete(come_as("alice", 2, OWNER_UID));
    crash();
    assert_true(come_as("alice", 2, OWNER_UID)->may_reclaim);
    assert_false(come_as("alice", 3, OWNER_UID)->may_reclaim);
    assert_false(in_grace());
}

/* An EXCHANGE_ID without CREATE_SESSION changes nothing. */
static void reboots_half(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    (void)introduce_as("alice", 2, OWNER_UID);
    crash();
    assert_true(in_grace());
    (void)introduce_as("alice", 2, OWNER_UID);
    assert_true(come("alice")->may_reclaim);
}

static void leaves(void **unused)
{
    (void)unused;
    leave(come_and_complete("alice"));
    crash();
    assert_false(in_grace());
    come_and_complete("alice");
    come_and_complete("bob");
    crash();
    complete(come("bob"));
    assert_true(in_grace());
    leave(come("alice"));
    assert_false(in_grace());
    crash();
    assert_false(come("alice")->may_reclaim);
}

/* A client may have had so much that dropping it takes long: others need not wait for that. */
static void drops_aside(void **unused)
{
    struct client *alice = come_and_complete("alice");

    (void)unused;
    vfs_blocking_hooks = (struct vfs_blocking_hooks){section_begin, section_end};
    leave(alice);
    assert_int_equal(released_in, 1);
    assert_int_equal(sections, 0);
}

/* Names are whole, and belong to a principal. */
static void names(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    come_and_complete("");
    crash();
    assert_false(come("alic")->may_reclaim);
    assert_false(come("alice2")->may_reclaim);
    assert_true(come("")->may_reclaim);
    assert_false(come_as("alice", 1, OWNER_UID + 1)->may_reclaim);
    crash();
    assert_true(come("alice")->may_reclaim);
}

/* --grace 0: nobody reclaims, so nobody may later. */
static void no_grace(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    end_life();
    begin_life_of(LEASE_S, 0);
    assert_false(in_grace());
    assert_int_equal(reclaim(come("alice")), NFS4ERR_NO_GRACE);
    crash();
    assert_false(in_grace());
}

/* RFC 8881 §8.4.2.1: as long as the lease of the former life, also when the restart gets a restart. */
static void by_lease(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    end_life();
    begin_life_of(1, RECOVERY_GRACE_BY_LEASE);
    tick_at(LEASE_S - 1);
    assert_true(in_grace());
    end_life();
    begin_life_of(1, RECOVERY_GRACE_BY_LEASE);
    tick_at(LEASE_S - 1);
    assert_true(in_grace());
    tick_at(LEASE_S);
    assert_false(in_grace());
    come_and_complete("alice");
    end_life();
    begin_life_of(1, RECOVERY_GRACE_BY_LEASE);
    assert_true(in_grace());
    tick_at(1);
    assert_false(in_grace());
}

/* Without a state directory. */
static void nothing_outlives(void **unused)
{
    const struct recovery_config config = {.dir = -1, .lease_s = LEASE_S, .grace_s = GRACE_S};
    char error[64];
    struct recovery *recovery = recovery_open(&config, clock_now_ns(), error, sizeof(error));

    (void)unused;
    assert_non_null(recovery);
    assert_false(recovery_in_grace(recovery));
    recovery_close(recovery);
}

enum {
    RECLAIMERS = 6
};

/* Reclaims until it may not any more.  None is granted outside of the grace period. */
static void *reclaim_on(void *arg)
{
    struct recovery *recovery = state->recovery;
    enum nfsstat4 status;

    do {
        status = recovery_reclaim_begin(recovery, arg, born_ns);
        CHECK(status == NFS4_OK || status == NFS4ERR_DELAY || status == NFS4ERR_NO_GRACE);
        if (status != NFS4_OK)
            continue;
        for (int i = 0; i < 20; i++)
            CHECK(recovery_in_grace(recovery));
        recovery_reclaim_end(recovery);
    } while (status != NFS4ERR_NO_GRACE);
    return NULL;
}

static void ends_under_reclaims(void **unused)
{
    pthread_t threads[RECLAIMERS];
    struct client *clients[RECLAIMERS];
    char name[32];

    (void)unused;
    for (int life = 0; life < 2; life++) {
        for (int i = 0; i < RECLAIMERS; i++) {
            (void)snprintf(name, sizeof(name), "client %d", i);
            clients[i] = life == 0 ? come_and_complete(name) : come(name);
        }
        if (life == 0)
            crash();
    }
    for (int i = 0; i < RECLAIMERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reclaim_on, clients[i]), 0);
    while (in_grace())
        tick_at(2 * GRACE_S);
    for (int i = 0; i < RECLAIMERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    crash();
    assert_false(in_grace());
}

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

/* Many at a time; what one writes takes others' along. */
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

/* Who the clients are is for nobody else to read, also after an older file. */
static void private_to_the_server(void **unused)
{
    static const char *const names[] = {"recovery.db", "recovery.db-wal"};
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
    memset(after + 8192, 0xa5, 4096); /* the page of a table that says little */
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

static int64_t sql_number(const char *text)
{
    sqlite3_stmt *s;
    sqlite3 *db;
    int64_t number;

    assert_int_equal(sqlite3_open(db_path(), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    number = sqlite3_column_int64(s, 0);
    assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}

static void strange(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    end_life();
    sql("PRAGMA user_version = 3");
    refuses("schema 3");
    sql("PRAGMA user_version = 0");
    refuses("schema 0");
    sql("PRAGMA user_version = 2; PRAGMA application_id = 7");
    refuses("not a database of mainstayd");
    sql("PRAGMA application_id = 1296978772; UPDATE client SET uid = -1");
    refuses("makes no sense");
    sql("UPDATE client SET uid = 1000, kind = 2");
    refuses("makes no sense");
    sql("UPDATE client SET kind = 1");
    begin_life();
    assert_true(come("alice")->may_reclaim);
}

/* What a server left that knew 4.1 only. */
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
    assert_int_equal(sql_number("PRAGMA user_version"), 2);
    assert_int_equal(sql_number("SELECT count(*) FROM client WHERE kind = 1 AND lost = 0"), 1);
    begin_life();
    assert_true(come("alice")->may_reclaim);
}

/* Crash after crash in grace: new clients must not add more rows to those of former lives than the
 * next life takes. */
static void many_records(void **unused)
{
    struct client *alice;
    char text[256];

    (void)unused;
    come_and_complete("zoe");
    end_life();
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
    const struct recovery_config config = {dir_fd, LEASE_S, GRACE_S};
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

/* What cannot be written is not so: RECLAIM_COMPLETE fails, nothing may be revoked. */
static void cannot_be_written(void **unused)
{
    struct client *alice = come_and_complete("alice"), *bob = come("bob");

    (void)unused;
    disk_full(true);
    assert_int_equal(client_reclaim_complete(bob), NFS4ERR_DELAY);
    assert_false(bob->reclaim_complete);
    assert_false(recovery_client_lost(state->recovery, alice));
    disk_full(false);
    crash();
    assert_true(come("alice")->may_reclaim);
    bob = come("bob");
    assert_false(bob->may_reclaim);
    complete(bob);
}

static int writes; /* waited for */

static void count_write(bool surely)
{
    section_begin(surely);
    writes++;
}

/* What a transaction that failed was to write may be on the disk all the same: a loss is noted as if
 * it were, and the record removed. */
static void may_be_written(void **unused)
{
    struct client *alice = come("alice");

    (void)unused;
    disk_full(true);
    assert_int_equal(client_reclaim_complete(alice), NFS4ERR_DELAY);
    assert_false(recovery_client_lost(state->recovery, alice));
    disk_full(false);
    count_revoked(alice, 1);
    assert_true(recovery_client_lost(state->recovery, alice));
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

/* And what says that she lost something may be there, and goes when she has acknowledged it. */
static void may_be_lost(void **unused)
{
    struct client *alice = come_and_complete("alice");

    (void)unused;
    count_revoked(alice, 1);
    disk_full(true);
    assert_false(recovery_client_lost(state->recovery, alice));
    disk_full(false);
    count_revoked(alice, -1);
    writes = 0;
    vfs_blocking_hooks = (struct vfs_blocking_hooks){count_write, section_end};
    recovery_client_whole(state->recovery, alice);
    assert_int_equal(writes, 1);
    recovery_client_whole(state->recovery, alice); /* now it is known */
    assert_int_equal(writes, 1);
}

/* The grace period goes on until those who did not come are forgotten. */
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

/* Nobody gets what a client had whose end is not on disk. */
static void cannot_forget(void **unused)
{
    struct client *alice = come_and_complete("alice");
    struct client *bob = come_and_complete("bob");

    (void)unused;
    disk_full(true);
    leave(alice); /* had nothing: harmless */
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

/* What was confirmed is in the files at once: a copy of them taken now is as good. */
static void is_on_disk(void **unused)
{
    static const char *const files[] = {"recovery.db", "recovery.db-wal"};
    static char data[2][1u << 20];
    size_t len[2];
    char path[128];

    (void)unused;
    come_and_complete("alice");
    for (int i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
        len[i] = file_read(path, data[i], sizeof(data[i]));
    }
    end_life();
    for (int i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
        file_write(path, data[i], len[i]);
    }
    begin_life();
    assert_true(come("alice")->may_reclaim);
}

/* Done once while somebody waits for the disk: before he does, or when he comes back. */
static void (*before_wait)(void), (*after_wait)(void);

static void take_turn(void (**what)(void))
{
    void (*turn)(void) = *what;

    *what = NULL;
    if (turn)
        turn();
}

static void wait_begins(bool surely)
{
    (void)surely;
    take_turn(&before_wait);
}

static void wait_ends(void)
{
    take_turn(&after_wait);
}

static void meanwhile(void (*before)(void), void (*after)(void))
{
    before_wait = before;
    after_wait = after;
    vfs_blocking_hooks = (struct vfs_blocking_hooks){wait_begins, wait_ends};
}

static struct client *one, *another; /* of the turns below */
static uint64_t another_id;

/* RFC 8881 §8.4.3: she completes late, and does not know yet that the lease was over and something was
 * given away. */
static void completes_with_losses(void **unused)
{
    struct client *alice;

    (void)unused;
    come_and_complete("alice");
    crash();
    alice = come("alice");
    tick_at(GRACE_S);
    count_revoked(alice, 1);
    assert_true(recovery_client_lost(state->recovery, alice));
    complete(alice);
    crash();
    assert_false(come("alice")->may_reclaim);
}

/* The same within the grace period. */
static void completes_with_losses_in_grace(void **unused)
{
    struct client *alice;

    (void)unused;
    come_and_complete("alice");
    come_and_complete("bob");
    crash();
    alice = come("alice");
    count_revoked(alice, 1);
    assert_true(recovery_client_lost(state->recovery, alice));
    complete(alice);
    crash();
    assert_false(come("alice")->may_reclaim);
}

static void acknowledge_one(void)
{
    count_revoked(one, -1);
    recovery_client_whole(state->recovery, one);
}

/* The last loss is acknowledged while the completion is written. */
static void acknowledges_meanwhile(void **unused)
{
    (void)unused;
    one = come("alice");
    count_revoked(one, 1);
    meanwhile(acknowledge_one, NULL);
    complete(one);
    crash();
    assert_true(come("alice")->may_reclaim);
}

static void want_from_one(void)
{
    count_revoked(one, 1);
    assert_true(recovery_client_lost(state->recovery, one));
    acknowledge_one();
}

/* She was in somebody's way while the completion is written, and then was not. */
static void wanted_meanwhile(void **unused)
{
    (void)unused;
    one = come("alice");
    meanwhile(want_from_one, NULL);
    complete(one);
    crash();
    assert_true(come("alice")->may_reclaim);
}

/* The request of a client that has been removed comes last: nobody is there to be recorded. */
static void completes_when_gone(void **unused)
{
    struct client *alice = client_get(come("alice"));

    (void)unused;
    leave(alice);
    assert_int_equal(client_reclaim_complete(alice), NFS4ERR_DELAY);
    client_put(alice);
    crash();
    assert_false(in_grace());
}

static void one_leaves(void)
{
    leave(one);
}

static void goes_while_completing(void **unused)
{
    (void)unused;
    one = client_get(come("alice"));
    meanwhile(one_leaves, NULL);
    (void)client_reclaim_complete(one);
    client_put(one);
    (void)come_and_complete("alice");
    (void)come_as("alice", 2, OWNER_UID);
    crash();
    assert_false(in_grace());
}

/* Who found her in his way when her lease was over comes late: she has started anew. */
static void loses_after_reboot(void **unused)
{
    struct client *before = client_get(come_and_complete("alice"));

    (void)unused;
    complete(come_as("alice", 2, OWNER_UID));
    assert_true(recovery_client_lost(state->recovery, before));
    client_put(before);
    crash();
    assert_true(come_as("alice", 2, OWNER_UID)->may_reclaim);
}

static void tick_on(void)
{
    tick_at(1);
}

/* The row that could not be removed is the next incarnation's before the timer tries again ... */
static void takes_over_meanwhile(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    disk_full(true);
    another = come_as("alice", 2, OWNER_UID);
    disk_full(false);
    meanwhile(tick_on, NULL);
    complete(another);
    tick_at(2);
    crash();
    assert_true(come_as("alice", 2, OWNER_UID)->may_reclaim);
}

/* CREATE_SESSION is sent again, and its answer is there before the old incarnation is gone. */
static void another_completes(void)
{
    disk_full(false);
    another = client_lookup(state, another_id);
    assert_non_null(another);
    complete(another);
    client_put(another);
}

/* ... and before it is known that it could not be removed. */
static void takes_over_at_once(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    another_id = introduce_as("alice", 2, OWNER_UID)->id;
    disk_full(true);
    meanwhile(NULL, another_completes);
    confirm(another_id, OWNER_UID);
    tick_at(1);
    crash();
    assert_true(come_as("alice", 2, OWNER_UID)->may_reclaim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECOVERY_TEST(nobody_to_wait_for),
        RECOVERY_TEST(reclaims),
        RECOVERY_TEST(completes_among_others),
        RECOVERY_TEST(comes_too_late),
        RECOVERY_TEST(comes_up_slowly),
        RECOVERY_TEST(completes_after_grace),
        RECOVERY_TEST(goes_on_while_reclaiming),
        RECOVERY_TEST(pauses_too_long),
        RECOVERY_TEST(waits_for_reclaim),
        RECOVERY_TEST(crashes_in_grace),
        RECOVERY_TEST(lost_in_a_partition),
        RECOVERY_TEST(stays_lost),
        RECOVERY_TEST(acknowledges_losses),
        RECOVERY_TEST(lost_in_grace),
        RECOVERY_TEST(reboots),
        RECOVERY_TEST(reboots_half),
        RECOVERY_TEST(leaves),
        RECOVERY_TEST(drops_aside),
        RECOVERY_TEST(names),
        RECOVERY_TEST(no_grace),
        RECOVERY_TEST(by_lease),
        RECOVERY_TEST(nothing_outlives),
        RECOVERY_TEST(crowd),
        RECOVERY_TEST(ends_under_reclaims),
        RECOVERY_TEST(private_to_the_server),
        RECOVERY_TEST(damaged),
        RECOVERY_TEST(strange),
        RECOVERY_TEST(first_version),
        RECOVERY_TEST(many_records),
        RECOVERY_TEST(unwritable),
        RECOVERY_TEST(cannot_be_written),
        RECOVERY_TEST(may_be_written),
        RECOVERY_TEST(may_be_written_and_goes),
        RECOVERY_TEST(may_be_lost),
        RECOVERY_TEST(cannot_end),
        RECOVERY_TEST(cannot_forget),
        RECOVERY_TEST(takes_over),
        RECOVERY_TEST(completes_with_losses),
        RECOVERY_TEST(completes_with_losses_in_grace),
        RECOVERY_TEST(acknowledges_meanwhile),
        RECOVERY_TEST(wanted_meanwhile),
        RECOVERY_TEST(completes_when_gone),
        RECOVERY_TEST(goes_while_completing),
        RECOVERY_TEST(loses_after_reboot),
        RECOVERY_TEST(takes_over_meanwhile),
        RECOVERY_TEST(takes_over_at_once),
        RECOVERY_TEST(is_on_disk),
    };

    return test_group_run(tests);
}
