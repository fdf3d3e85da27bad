/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each part of the server has a log level of its own, or that of the log.  SEQUENCE has none: its
 * lines follow the level of the log.
 */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "holder.h"
#include "log_lines.h"
#include "set_range.h"

static int set_up(void **state)
{
    static char local[128];
    const char *const options[] = {"--export", "/mem=mem:,no_root_squash", "--export", local, NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

/* ---- what makes a part log something ---- */

static void ask_endpoint(void)
{
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char reply[512];

    assert_true(fd >= 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/admin.sock",
                   script_server.state);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL), sizeof(request) - 1);
    while (recv(fd, reply, sizeof(reply), 0) > 0)
        ;
    close(fd);
}

/* The server cannot call it back, and says so. */
static void register_v40(void)
{
    struct client_mount mount;

    script_mount_v40(&mount);
    client_mount_close(&mount);
}

static void register_v41(void)
{
    struct client_mount mount;

    script_mount_v41(&mount);
    client_mount_close(&mount);
}

static void run_compound(void)
{
    begin(&alice, NULL);
    client_op_putrootfh(C);
    run(NFS4_OK);
}

static void connect_once(void)
{
    struct client_conn conn;

    script_connect(&conn);
    client_conn_close(&conn);
}

/* Too many delegations are held: the holder is asked for some. */
static void hold_too_many(void)
{
    struct client_fh dir = script_dir(script_mem);
    struct client_file file;
    struct holder holder;

    holder_open(&holder, 1);
    file = holder_delegated(&holder, &dir, "file", OPEN_DELEGATE_WRITE);
    set_setting("nfs.max_delegations", 0);
    (void)holder_wait(&holder, OP_CB_RECALL_ANY, 0);
    set_setting("nfs.max_delegations", LIMIT_DELEGATIONS);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

/* A SEQUENCE of a session that does not exist. */
static void misuse_sequence(void)
{
    struct nfs_argop4 op = {.argop = OP_SEQUENCE, .opsequence = {.sa_sequenceid = 1}};

    memcpy(op.opsequence.sa_sessionid, "nobody", sizeof("nobody"));
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_plain(C);
    client_compound_add(C, &op);
    assert_int_equal(client_compound_call(&alice.conn, C, R), CLIENT_OK);
    expect_status(R->status, NFS4ERR_BADSESSION);
}

/* ---- levels ---- */

/* log.level.daemon is not here: its lines say that the others are in effect. */
static const struct {
    const char *setting, *event;
    void (*cause)(void);
} parts[] = {
    {"log.level.admin", "admin.request", ask_endpoint},
    {"log.level.callback", "callback.none", register_v40},
    {"log.level.client", "client.exchange_id", register_v41},
    {"log.level.compound", "compound.done", run_compound},
    {"log.level.delegation", "delegation.recall_any", hold_too_many},
    {"log.level.transport", "connection.accepted", connect_once},
};

static unsigned count(const char *event)
{
    return log_find(event, NULL).count;
}

/* Each part of the table logs what it should, and the others do not. */
static void own_level(void **unused)
{
    (void)unused;
    store_setting("log.level", "error");
    store_setting("log.level.daemon", "info");
    hang_up();
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        parts[i].cause();
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        unsigned before[ARRAY_SIZE(parts)];

        store_setting(parts[i].setting, "debug");
        hang_up();
        for (size_t j = 0; j < ARRAY_SIZE(parts); j++)
            before[j] = count(parts[j].event);
        assert_int_equal(before[i], 0);
        parts[i].cause();
        wait_until_every(0, count(parts[i].event) > 0);
        for (size_t j = 0; j < ARRAY_SIZE(parts); j++)
            assert_true(i == j || count(parts[j].event) == before[j]);
        store_setting(parts[i].setting, "error");
        hang_up();
    }
}

/* With "default" the level is that of the log. */
static void default_level(void **unused)
{
    unsigned before;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        store_setting(parts[i].setting, "default");
    store_setting("log.level", "debug");
    hang_up();
    before = count("client.exchange_id");
    register_v41();
    assert_int_equal(count("client.exchange_id"), before + 1);
    set_setting("log.level", 0);
    register_v41();
    assert_int_equal(count("client.exchange_id"), before + 1);
}

/* log.level.daemon: SIGHUP takes effect, and is not in the log. */
static void daemon_level(void **unused)
{
    unsigned hangups, clients;

    (void)unused;
    store_setting("log.level", "info");
    store_setting("log.level.daemon", "default");
    hang_up();
    hangups = count("daemon.hangup");
    clients = count("client.exchange_id");
    store_setting("log.level.daemon", "error");
    store_setting("log.level.client", "debug");
    assert_int_equal(kill(script_server.pid, SIGHUP), 0);
    wait_until_every(10, (register_v41(), count("client.exchange_id") > clients));
    assert_int_equal(count("daemon.hangup"), hangups);
    store_setting("log.level.client", "default");
    store_setting("log.level.daemon", "default");
    hang_up();
}

/* S20-13, S20-16: errors of SEQUENCE follow the level of the log, whatever levels the parts have.
 */
static void sequence_follows_the_log(void **unused)
{
    static const char *const levels[] = {"error", "info"};

    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
        unsigned before;

        for (size_t j = 0; j < ARRAY_SIZE(parts); j++)
            store_setting(parts[j].setting, levels[!i]);
        store_setting("log.level.daemon", "info");
        store_setting("log.level", levels[i]);
        hang_up();
        before = count("sequence.refused");
        misuse_sequence();
        assert_int_equal(count("sequence.refused"), before + i);
    }
}

/* What parts log at the start, and that setting alone lets pass. */
static const struct {
    const char *setting, *event;
} at_start[] = {
    {"log.level.backend", "local.open"},
    {"log.level.export", "export.open"},
    {"log.level.recovery", "recovery.grace.begin"},
};

static void restart(void)
{
    assert_true(test_server_stop(&script_server));
    assert_true(test_server_start(&script_server, NULL));
}

/* Alice has a file open, so each start begins a grace period. */
static void own_level_at_the_start(void **unused)
{
    struct client_fh dir = script_dir(script_mem);

    (void)unused;
    (void)make_open(&alice, &dir, "file");
    for (size_t j = 0; j < ARRAY_SIZE(parts); j++)
        store_setting(parts[j].setting, "default");
    store_setting("log.level.daemon", "default");
    store_setting("log.level", "warn");
    for (size_t i = 0; i < ARRAY_SIZE(at_start); i++) {
        store_setting(at_start[i].setting, "info");
        restart();
        for (size_t j = 0; j < ARRAY_SIZE(at_start); j++)
            assert_int_equal(count(at_start[j].event) > 0, i == j);
        store_setting(at_start[i].setting, "default");
    }
    client_conn_close(&alice.conn);
    script_connect(&alice.conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_level),
        cmocka_unit_test(default_level),
        cmocka_unit_test(daemon_level),
        cmocka_unit_test(sequence_follows_the_log),
        cmocka_unit_test(own_level_at_the_start),
    };

    return test_group_run_fixtures(tests, set_up, script_teardown);
}
