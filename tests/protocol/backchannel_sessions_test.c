/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which session's back channel is used, what ends with a session, and what it costs; which clients
 * are called over a back channel at all, and in which minor version. S22-06.
 */
#include <dirent.h>
#include <signal.h>
#include <string.h>

#include "backchannel.h"
#include "log_lines.h"

static int setup(void **state)
{
    /* What is freed is free: memory is looked at here. */
    assert_int_equal(setenv("ASAN_OPTIONS", "quarantine_size_mb=1", 1), 0);
    return backchannel_setup_default(state);
}

/* ---- two sessions ---- */

/* A second session of the holder's client, over a connection that becomes one of the holder's. */
static struct client_session second_session(struct holder *holder,
                                            const struct client_session_wish *wish,
                                            struct client_conn *conn)
{
    struct client_session session = holder->mount.session;
    enum nfsstat4 status;

    assert_int_equal(client_session_create(conn, wish, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    return session;
}

static struct client_conn *connect_only(struct holder *holder)
{
    struct client_conn *conn = &holder->more[holder->more_count++];

    script_connect(conn);
    conn->callbacks = holder->callbacks;
    return conn;
}

/* S22-14, S22-16: callbacks over each session have its parameters; whichever session has a
 * connection is used. */
static void two_sessions_of_one_client(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct callback_sec_parms4 none = {.cb_secflavor = AUTH_NONE}, sys = {.cb_secflavor = AUTH_SYS};
    struct client_file files[2], got;
    const struct client_callback *cb;
    struct client_session session;
    struct client_conn fore, *conn;
    struct holder holder;
    enum nfsstat4 status;

    (void)state;
    sys.cbsp_sys_cred = (struct authsys_parms){.uid = 91, .gid = 92};
    wish.callback_program = 0x40005001;
    wish.callback_secs = &none;
    wish.callback_sec_count = 1;
    holder_open_as(&holder, &wish);
    files[0] = holder_delegated(&holder, &dir, "two 0", OPEN_DELEGATE_WRITE);
    files[1] = holder_delegated(&holder, &dir, "two 1", OPEN_DELEGATE_WRITE);
    wish.callback_program = 0x40005002;
    wish.callback_secs = &sys;
    wish.back.ca_maxrequests = 2;
    conn = connect_only(&holder);
    session = second_session(&holder, &wish, conn);
    script_connect(&fore);
    client_conn_abort(conn); /* only the first session has one */
    wait_until(client_session_renew(&fore, &session, 0, &status) == CLIENT_OK &&
               session.status_flags == SEQ4_STATUS_CB_PATH_DOWN_SESSION);
    expect_status(conflict_open(&bob, &dir, "two 0", &got), NFS4ERR_DELAY);
    cb = back_service_call(&holder, holder_wait_recall(&holder, &files[0]));
    assert_int_equal(cb->program, 0x40005001);
    assert_int_equal(cb->flavor, AUTH_NONE);
    assert_memory_equal(cb->sequence.csa_sessionid, holder.mount.session.sessionid, 16);

    script_connect(conn); /* only the second session has one */
    conn->callbacks = holder.callbacks;
    assert_int_equal(client_session_bind(conn, &session, CDFC4_BACK_OR_BOTH,
                                         &(enum channel_dir_from_server4){0}, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
    client_conn_abort(&holder.mount.conn);
    wait_until(client_session_renew(&fore, &holder.mount.session, 0, &status) == CLIENT_OK &&
               holder.mount.session.status_flags == SEQ4_STATUS_CB_PATH_DOWN_SESSION);
    expect_status(conflict_open(&bob, &dir, "two 1", &got), NFS4ERR_DELAY);
    cb = back_service_call(&holder, holder_wait_recall(&holder, &files[1]));
    assert_int_equal(cb->program, 0x40005002);
    assert_int_equal(cb->flavor, AUTH_SYS);
    assert_int_equal(cb->uid, 91);
    assert_memory_equal(cb->sequence.csa_sessionid, session.sessionid, 16);

    holder_move(&holder, &fore);
    holder_finish(&holder, &files[0]);
    holder_finish(&holder, &files[1]);
    assert_int_equal(client_session_destroy(&holder.mount.conn, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    holder_close(&holder);
}

/* ---- the end of a session ---- */

enum {
    QUEUED = 8
};

/* S22-23, S22A-12, S22A-07: one callback is outstanding and the others wait for the only slot when
 * the session ends. All are repeated in the client's next session, as soon as it exists. */
static void destroyed_with_calls_queued(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_file files[QUEUED], got;
    char names[QUEUED][16];
    struct holder holder;
    enum nfsstat4 status;

    (void)state;
    wish.back.ca_maxrequests = 1;
    holder_open_as(&holder, &wish);
    holder.mount.conn.behaviour.act = CLIENT_ACT_HOLD;
    for (size_t i = 0; i < QUEUED; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "queued %zu", i);
        files[i] = holder_contended(&holder, &dir, names[i]);
    }
    holder_pump_until(&holder, holder.callbacks->count == 1);
    assert_int_equal(client_session_destroy(&holder.mount.conn, &holder.mount.session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(holder.callbacks->count, 1);
    holder.mount.conn.behaviour.act = CLIENT_ACT_ANSWER;
    wish.back.ca_maxrequests = 4;
    wish.callbacks = holder.callbacks;
    assert_int_equal(
        client_session_create(&holder.mount.conn, &wish, &holder.mount.session, &status),
        CLIENT_OK);
    expect_status(status, NFS4_OK);
    for (size_t i = 1; i < QUEUED; i++)
        (void)holder_wait_recall(&holder, &files[i]);
    for (size_t i = 0; i < QUEUED; i++)
        holder_finish(&holder, &files[i]);
    for (size_t i = 0; i < QUEUED; i++) {
        expect_status(conflict_insist(&bob, &dir, names[i], &holder, &got), NFS4_OK);
        expect_status(client_file_close(&bob, &got), NFS4_OK);
    }
    holder_close(&holder);
}

/* S22-23: another session of the client takes over outstanding and queued callbacks at once, with
 * its own sequence ids. */
static void the_other_session_takes_over(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_file files[QUEUED];
    struct client_session session;
    struct client_conn *conn;
    char names[QUEUED][16];
    struct holder holder;
    enum nfsstat4 status;

    (void)state;
    wish.back.ca_maxrequests = 1;
    holder_open_as(&holder, &wish);
    holder.mount.conn.behaviour.act = CLIENT_ACT_HOLD;
    for (size_t i = 0; i < QUEUED; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "taken %zu", i);
        files[i] = holder_contended(&holder, &dir, names[i]);
    }
    holder_pump_until(&holder, holder.callbacks->count == 1);
    wish.back.ca_maxrequests = 4;
    conn = connect_only(&holder);
    session = second_session(&holder, &wish, conn);
    assert_int_equal(client_session_destroy(&holder.mount.conn, &holder.mount.session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
    holder.mount.session = session;
    holder_pump_until(&holder, holder.callbacks->count == 1 + QUEUED);
    for (uint32_t i = 1; i <= QUEUED; i++) {
        assert_true(back_service_call(&holder, i)->over == conn->serial);
        assert_memory_equal(back_service_call(&holder, i)->sequence.csa_sessionid,
                            session.sessionid, NFS4_SESSIONID_SIZE);
    }
    holder_move(&holder, conn);
    for (size_t i = 0; i < QUEUED; i++) {
        holder_finish(&holder, &files[i]);
        conflict_over(&dir, names[i]);
    }
    holder_close(&holder);
}

/* W08: a client that reports a wrong sequence id is told to end its session. It does, and gets
 * callbacks about its delegations in the next one. */
static void a_fault_ends_with_its_session(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_file file;
    struct holder holder;
    enum nfsstat4 status;

    (void)state;
    holder_open(&holder, 1);
    holder.mount.conn.behaviour.sequence_status = NFS4ERR_SEQ_MISORDERED;
    file = holder_contended(&holder, &dir, "fault");
    holder_pump_until(&holder,
                      holder_speak(&holder, &holder.mount.conn) == SEQ4_STATUS_BACKCHANNEL_FAULT);
    assert_int_equal(client_session_destroy(&holder.mount.conn, &holder.mount.session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
    holder.mount.conn.behaviour.sequence_status = NFS4_OK;
    wish.callbacks = holder.callbacks;
    assert_int_equal(
        client_session_create(&holder.mount.conn, &wish, &holder.mount.session, &status),
        CLIENT_OK);
    expect_status(status, NFS4_OK);
    holder_pump_until(&holder, holder_executed(&holder, &file) == 1);
    assert_int_equal(holder_speak(&holder, &holder.mount.conn), 0);
    holder_finish(&holder, &file);
    conflict_over(&dir, "fault");
    holder_close(&holder);
}

/* What the server process uses: threads, descriptors, memory. */
struct usage {
    long threads, fds, kib;
};

static struct usage usage_now(void)
{
    struct usage usage = {0};
    char path[64], line[256];
    FILE *file;
    DIR *fds;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", script_server.pid);
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        (void)sscanf(line, "VmRSS: %ld", &usage.kib);
        (void)sscanf(line, "Threads: %ld", &usage.threads);
    }
    (void)fclose(file);
    (void)snprintf(path, sizeof(path), "/proc/%d/fd", script_server.pid);
    fds = opendir(path);
    assert_non_null(fds);
    while (readdir(fds))
        usage.fds++;
    (void)closedir(fds);
    return usage;
}

enum {
    CYCLES = 12000,
    CYCLES_FIRST = 4000, /* fill the free lists, and what the sanitizer holds back, first */
    CYCLES_CALLED = 20,  /* one in so many has callbacks when it ends */
};

static void cycle(struct holder *holder, const struct client_session_wish *wish)
{
    struct client_session *session = &holder->mount.session;
    enum nfsstat4 status;

    assert_int_equal(client_session_destroy(&holder->mount.conn, session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(client_session_create(&holder->mount.conn, wish, session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
}

/* The client that waited for the holder's file gives up. */
static void contender_leave(struct pending *pending, const char *name)
{
    struct client_mount *by = pending->by;
    struct client_file file = {0};

    if (pending_take(pending) == NFS4_OK) {
        file.stateid = result(OP_OPEN)->opopen.stateid;
        file.fh = result_fh();
        expect_status(client_file_close(by, &file), NFS4_OK);
    }
    expect_status(client_file_remove(by, &dir, name), NFS4_OK);
}

/* With two callbacks for one slot, neither answered. */
static void cycle_called(struct holder *holder, const struct client_session_wish *wish)
{
    static const char *const names[] = {"called", "queued"};
    struct client_mount *const by[] = {&alice, &bob};
    const uint32_t before = holder->callbacks->count;
    struct client_file files[2];
    struct pending pending[2];

    for (size_t i = 0; i < 2; i++)
        files[i] = holder_delegated(holder, &dir, names[i], OPEN_DELEGATE_WRITE);
    for (size_t i = 0; i < 2; i++)
        pending_open(&pending[i], by[i], &dir, names[i]);
    (void)holder_wait(holder, OP_CB_RECALL, before);
    cycle(holder, wish);
    for (size_t i = 0; i < 2; i++)
        holder_finish(holder, &files[i]);
    for (size_t i = 0; i < 2; i++)
        contender_leave(&pending[i], names[i]);
}

/* S22-23: a session leaves nothing behind, and neither do its callbacks. */
static void ten_thousand_sessions(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct usage before, after;
    struct holder holder;

    (void)state;
    wish.fore.ca_maxrequests = 4;
    wish.back.ca_maxrequests = 1;
    holder_open_as(&holder, &wish);
    wish.callbacks = holder.callbacks;
    holder.mount.conn.behaviour.act = CLIENT_ACT_IGNORE;
    for (int i = 1; i <= CYCLES; i++) {
        if (i % CYCLES_CALLED == 0)
            cycle_called(&holder, &wish);
        else
            cycle(&holder, &wish);
        if (i == CYCLES_FIRST)
            before = usage_now();
    }
    after = usage_now();
    assert_true(holder.callbacks->count >= CYCLES / CYCLES_CALLED);
    assert_int_equal(after.threads, before.threads);
    assert_int_equal(after.fds, before.fds);
    /* Less than half a KiB a session. */
    assert_in_range(after.kib, 0, before.kib + (CYCLES - CYCLES_FIRST) / 2);
    holder_close(&holder);
}

/* ---- two callback paths ---- */

static uint64_t dials(void)
{
    const unsigned before = log_find("daemon.dial_out", NULL).count;
    struct log_line line;

    assert_int_equal(kill(script_server.pid, SIGUSR1), 0);
    wait_until(log_find("daemon.dial_out", NULL).count > before);
    line = log_find("daemon.dial_out", NULL);
    return log_number(&line, "dials");
}

/* S22-01, S22A-01: the client cannot be dialled, and the server does not try. */
static void behind_a_nat(void **state)
{
    const uint64_t before = dials();
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    file = holder_contended(&holder, &dir, "nat");
    assert_true(back_service_call(&holder, holder_wait_recall(&holder, &file))->over ==
                holder.mount.conn.serial);
    holder_finish(&holder, &file);
    conflict_over(&dir, "nat");
    assert_int_equal(dials(), before);
    holder_close(&holder);
}

/* S22-02, L-12: callbacks have the minor version of the session. */
static void minor_version_of_the_session(void **state)
{
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 2);
    assert_int_equal(backchannel_recalled(&holder, "minor 2", &file)->minor_version, 2);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

#ifdef MAINSTAY_V40
/* S22-04, S22A-03, S22-06, L-02: both hold the same file, and each is called over its own kind of
 * path. */
static void one_of_each_minor_version(void **state)
{
    struct client_file old_file, new_file, got;
    const struct client_callback *cb;
    struct holder old, new;

    (void)state;
    holder_open(&old, 0);
    holder_open(&new, 1);
    old_file = holder_delegated(&old, &dir, "each", OPEN_DELEGATE_READ);
    holder_return(&old, &old_file);
    old_file = holder_delegated(&old, &dir, "each", OPEN_DELEGATE_READ);
    new_file = holder_delegated(&new, &dir, "each", OPEN_DELEGATE_READ);
    expect_status(conflict_open(&bob, &dir, "each", &got), NFS4ERR_DELAY);
    cb = back_service_call(&old, holder_wait_recall(&old, &old_file));
    assert_int_equal(cb->minor_version, 0);
    assert_false(cb->has_sequence);
    assert_true(cb->over != old.mount.conn.serial); /* the server made it */
    cb = back_service_call(&new, holder_wait_recall(&new, &new_file));
    assert_int_equal(cb->minor_version, 1);
    assert_true(cb->over == new.mount.conn.serial);
    holder_finish(&old, &old_file);
    expect_status(conflict_open(&bob, &dir, "each", &got), NFS4ERR_DELAY);
    holder_finish(&new, &new_file);
    conflict_over(&dir, "each");
    assert_int_equal(holder_executed(&old, &old_file), 1);
    assert_int_equal(holder_executed(&new, &new_file), 1);
    holder_close(&old);
    holder_close(&new);
}

/* S22-05: only one of 4.0, with a write delegation. */
static void one_of_4_0(void **state)
{
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 0);
    file = holder_contended(&holder, &dir, "old");
    (void)holder_wait_recall(&holder, &file);
    holder_finish(&holder, &file);
    conflict_over(&dir, "old");
    holder_close(&holder);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_sessions_of_one_client),
        cmocka_unit_test(destroyed_with_calls_queued),
        cmocka_unit_test(the_other_session_takes_over),
        cmocka_unit_test(a_fault_ends_with_its_session),
        cmocka_unit_test(ten_thousand_sessions),
        cmocka_unit_test(behind_a_nat),
        cmocka_unit_test(minor_version_of_the_session),
#ifdef MAINSTAY_V40
        cmocka_unit_test(one_of_each_minor_version),
        cmocka_unit_test(one_of_4_0),
#endif
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
