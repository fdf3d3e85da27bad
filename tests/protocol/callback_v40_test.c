/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server calls clients of 4.0 at the address given in SETCLIENTID, as soon as that is
 * confirmed: the test is such a client, and listens. unit.callback tests what is sent over a path
 * and how paths fail. S22-05, S22-06.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/callback_peer.h"
#include "lib/wait.h"
#include "log_lines.h"
#include "script.h"

/* The target's address in the client's notation. */
static char *universal_address(const struct dial_target *target, char *text, size_t size)
{
    const union netaddr *address = &target->address;
    uint16_t port = ntohs(address->in.sin_port);
    char host[INET6_ADDRSTRLEN];

    if (address->sa.sa_family == AF_INET)
        inet_ntop(AF_INET, &address->in.sin_addr, host, sizeof(host));
    else
        inet_ntop(AF_INET6, &address->in6.sin6_addr, host, sizeof(host));
    (void)snprintf(text, size, "%s.%u.%u", host, port >> 8, port & 0xff);
    return text;
}

/* A client that wants callbacks at the target; `text` holds the address. */
static struct client_id_wish wish_for(const char *owner, const struct dial_target *target,
                                      char *text, size_t size)
{
    struct client_id_wish wish = client_id_wish_default(owner);

    memset(wish.verifier, 1, sizeof(wish.verifier)); /* the same incarnation each time */
    wish.callback_program = target->program;
    wish.callback_ident = target->ident;
    wish.netid = target->address.sa.sa_family == AF_INET ? "tcp" : "tcp6";
    wish.address = universal_address(target, text, size);
    return wish;
}

static struct client_id set_only(const struct client_id_wish *wish)
{
    struct client_id id;
    enum nfsstat4 status;

    assert_int_equal(client_id_set(&alice.conn, wish, &id, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    return id;
}

static void confirm(const struct client_id *id)
{
    enum nfsstat4 status;

    assert_int_equal(client_id_confirm(&alice.conn, id, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
}

static struct client_id register_at(const char *owner, const struct dial_target *target)
{
    char text[80];
    struct client_id_wish wish = wish_for(owner, target, text, sizeof(text));
    struct client_id id = set_only(&wish);

    confirm(&id);
    return id;
}

/* The last line of an event about that client. */
static bool told(const char *event, const struct client_id *id)
{
    struct log_line line = log_find(event, NULL);
    char hex[24];

    (void)snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)id->clientid);
    return strstr(line.text, hex) != NULL;
}

static bool nobody_came(int listener)
{
    struct pollfd ready = {.fd = listener, .events = POLLIN};

    return poll(&ready, 1, 0) == 0;
}

/* The server answers others, `times` in a row. */
static void server_serves(unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        begin_bare(&alice, 0);
        client_op_putrootfh(C);
        run(NFS4_OK);
    }
}

/* ---- the probe ---- */

static void probed(int family, const char *owner)
{
    struct dial_target target;
    int listener = peer_open(family, 8, &target), fd;
    struct client_id id = register_at(owner, &target);
    uint32_t xid;

    fd = peer_accept(listener);
    xid = peer_expect_null(fd);
    assert_false(told("callback.up", &id));
    peer_reply_null(fd, xid);
    wait_until(told("callback.up", &id));
    close(fd);
    close(listener);
}

static void probed_on_confirm(void **state)
{
    (void)state;
    probed(AF_INET, "probed over tcp");
}

static void probed_over_ipv6(void **state)
{
    (void)state;
    probed(AF_INET6, "probed over tcp6");
}

/* Until it is confirmed, any client could have given the address. */
static void not_before_it_is_confirmed(void **state)
{
    struct dial_target early, late;
    int early_listener = peer_open(AF_INET, 8, &early), listener = peer_open(AF_INET, 8, &late);
    struct client_id_wish wish;
    struct client_id id;
    char text[80];

    (void)state;
    wish = wish_for("unconfirmed", &early, text, sizeof(text));
    id = set_only(&wish);
    register_at("confirmed", &late);
    close(peer_accept(listener));
    assert_true(nobody_came(early_listener));
    confirm(&id);
    close(peer_accept(early_listener));
    close(early_listener);
    close(listener);
}

/* RFC 7530 §16.34.5: the same client, another address. */
static void a_new_callback_replaces_the_path(void **state)
{
    struct dial_target first, second;
    int first_listener = peer_open(AF_INET, 8, &first), listener = peer_open(AF_INET, 8, &second);
    struct client_id id = register_at("moves", &first), again;
    struct client_id_wish wish;
    char text[80];
    int old = peer_accept(first_listener), fd;

    (void)state;
    peer_reply_null(old, peer_expect_null(old));
    wait_until(told("callback.up", &id));
    wish = wish_for("moves", &second, text, sizeof(text));
    again = set_only(&wish);
    assert_true(again.clientid == id.clientid);
    confirm(&again);
    peer_expect_close(old);
    fd = peer_accept(listener);
    peer_reply_null(fd, peer_expect_null(fd));

    /* A repeated confirmation changes nothing. */
    confirm(&again);
    assert_true(nobody_came(listener));
    assert_true(nobody_came(first_listener));

    /* An address that does not exist. */
    wish = client_id_wish_default("moves");
    memset(wish.verifier, 1, sizeof(wish.verifier));
    again = set_only(&wish);
    confirm(&again);
    peer_expect_close(fd);
    close(old);
    close(fd);
    close(first_listener);
    close(listener);
}

static void a_record_that_is_gone_closes_its_path(void **state)
{
    struct dial_target target;
    int listener = peer_open(AF_INET, 8, &target), old, fd;
    struct client_id before = register_at("restarts", &target), after;
    struct client_id_wish wish;
    char text[80];

    (void)state;
    old = peer_accept(listener);
    peer_reply_null(old, peer_expect_null(old));
    wait_until(told("callback.up", &before));
    wish = wish_for("restarts", &target, text, sizeof(text));
    memset(wish.verifier, 0x77, sizeof(wish.verifier));
    after = set_only(&wish);
    assert_true(after.clientid != before.clientid);
    confirm(&after);
    peer_expect_close(old);
    fd = peer_accept(listener);
    peer_reply_null(fd, peer_expect_null(fd));
    wait_until(told("callback.up", &after));
    close(old);
    close(fd);
    close(listener);
}

/* Does client.stats show the path as up? */
static bool stats_say_up(const struct client_id *id)
{
    FILE *log = fopen(script_server.log, "r");
    char hex[24], line[LOG_LINE_BYTES];
    bool found = false;

    assert_non_null(log);
    (void)snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)id->clientid);
    while (!found && fgets(line, sizeof(line), log))
        found =
            strstr(line, "client.stats") && strstr(line, hex) && strstr(line, "callback_path=1");
    (void)fclose(log);
    return found;
}

/* L-16: the stats show it. */
static void stats(void **state)
{
    struct dial_target target;
    int listener = peer_open(AF_INET, 8, &target), fd;
    struct client_id id = register_at("in the stats", &target);
    struct log_line line;

    (void)state;
    fd = peer_accept(listener);
    peer_reply_null(fd, peer_expect_null(fd));
    wait_until(told("callback.up", &id));
    assert_int_equal(kill(script_server.pid, SIGUSR1), 0);
    wait_until(log_find("daemon.dial_out", NULL).count > 0);
    line = log_find("daemon.dial_out", NULL);
    assert_true(log_number(&line, "paths") >= 1);
    assert_true(log_number(&line, "dials") >= 1);
    assert_true(log_number(&line, "probes") >= 1);
    assert_true(log_number(&line, "answers") >= 1);
    assert_int_equal(log_number(&line, "calls"), 0);
    wait_until(stats_say_up(&id));
    close(fd);
    close(listener);
}

/* ---- paths that do not work ---- */

/* The client is served all the same, and dialled again. */
static void refused_at_first(void **state)
{
    struct dial_target target;
    int listener = peer_open(AF_INET, -1, &target), fd;
    struct client_id id = register_at("not there yet", &target);

    (void)state;
    wait_until(told("callback.down", &id));
    server_serves(10);
    assert_int_equal(listen(listener, 8), 0);
    fd = peer_accept(listener);
    peer_reply_null(fd, peer_expect_null(fd));
    wait_until(told("callback.up", &id));
    close(fd);
    close(listener);
}

/* No request waits for a client that accepts the connection and answers nothing, or half a
 * record. */
static void mute_clients(void **state)
{
    struct dial_target target;
    int listener = peer_open(AF_INET, 64, &target), fds[20];
    char owner[32];

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(fds); i++) {
        (void)snprintf(owner, sizeof(owner), "mute %u", i);
        register_at(owner, &target);
        fds[i] = peer_accept(listener);
        if (i % 2)
            peer_send(fds[i], "\x80\0\0\x18half", 8);
    }
    server_serves(200);
    for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
        close(fds[i]);
    close(listener);
}

static void a_thousand_dead_addresses(void **state)
{
    struct dial_target dead, alive;
    int holder = peer_open(AF_INET, -1, &dead), listener = peer_open(AF_INET, 8, &alive), fd;
    char owner[32];

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(owner, sizeof(owner), "dead %u", i);
        register_at(owner, &dead);
    }
    server_serves(100);
    register_at("alive among the dead", &alive);
    fd = peer_accept(listener);
    peer_reply_null(fd, peer_expect_null(fd));
    close(fd);
    close(listener);
    close(holder);
}

/* Any text is accepted: SETCLIENTID succeeds, and the server dials nothing. */
static void addresses_that_are_none(void **state)
{
    static const char *const wrong[][2] = {
        {"tcp", "224.0.0.1.8.1"}, {"tcp", "255.255.255.255.8.1"}, {"tcp6", "ff02::1.8.1"},
        {"tcp6", "fe80::1.8.1"},  {"tcp", "127.0.0.1"},           {"tcp", "::1.8.1"},
        {"udp", "127.0.0.1.8.1"}, {"tcp", "127.0.0.1.8.1.1"},     {"tcp", "localhost.8.1"},
        {"tcp6", "::1%lo.8.1"},   {"tcp", "127.0.0.1.8.256"},
    };
    unsigned before = log_find("callback.none", NULL).count;
    unsigned downs = log_find("callback.down", NULL).count;
    struct client_id_wish wish;
    struct client_id id;
    struct log_line line;

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        wish = client_id_wish_default(NULL);
        wish.netid = wrong[i][0];
        wish.address = wrong[i][1];
        id = set_only(&wish);
        confirm(&id);
        line = log_find("callback.none", NULL);
        assert_int_equal(line.count, before + i + 1);
        assert_true(told("callback.none", &id));
        assert_string_equal(log_value(&line, "addr"), wrong[i][1]);
    }
    assert_int_equal(log_find("callback.down", NULL).count, downs);
}

/* A client that wants no callbacks gets no line in the log. */
static void no_wish_to_be_called(void **state)
{
    unsigned before = log_find("callback.none", NULL).count;
    struct client_id_wish wish = client_id_wish_default(NULL);
    struct client_id id;

    (void)state;
    wish.netid = "tcp";
    wish.address = "0.0.0.0.0.0";
    id = set_only(&wish);
    confirm(&id);
    assert_int_equal(log_find("callback.none", NULL).count, before);
}

/* The server shuts down although clients do not answer. */
static void ends_with_mute_clients(void **state)
{
    struct dial_target target;
    int listener = peer_open(AF_INET, 8, &target), fd;

    (void)state;
    register_at("mute to the end", &target);
    fd = peer_accept(listener);
    peer_expect_null(fd);
    assert_true(test_server_stop(&script_server));
    peer_expect_close(fd);
    assert_true(test_server_start(&script_server, NULL));
    close(fd);
    close(listener);
}

/* nfs.callback_own_address: callbacks to other addresses than the client's own are not sent. */
static void at_its_own_address_only(void **state)
{
    static const char *const options[] = {"--export", "/mem=mem:,no_root_squash", "--set",
                                          "nfs.callback_own_address=1", NULL};
    struct dial_target own, foreign;
    int listener = peer_open(AF_INET, 8, &own), foreign_listener = peer_open(AF_INET6, 8, &foreign);
    struct client_id id;
    struct log_line line;
    int fd;

    (void)state;
    assert_true(test_server_stop(&script_server));
    assert_true(test_server_start(&script_server, options));
    client_conn_close(&alice.conn);
    script_connect(&alice.conn);
    id = register_at("elsewhere", &foreign);
    wait_until(told("callback.none", &id));
    line = log_find("callback.none", NULL);
    assert_string_equal(log_value(&line, "why"), "not the client's own address");
    register_at("at home", &own);
    fd = peer_accept(listener);
    peer_reply_null(fd, peer_expect_null(fd));
    assert_true(nobody_came(foreign_listener));
    close(fd);
    close(listener);
    close(foreign_listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probed_on_confirm),
        cmocka_unit_test(probed_over_ipv6),
        cmocka_unit_test(not_before_it_is_confirmed),
        cmocka_unit_test(a_new_callback_replaces_the_path),
        cmocka_unit_test(a_record_that_is_gone_closes_its_path),
        cmocka_unit_test(stats),
        cmocka_unit_test(refused_at_first),
        cmocka_unit_test(addresses_that_are_none),
        cmocka_unit_test(no_wish_to_be_called),
        cmocka_unit_test(mute_clients),
        cmocka_unit_test(a_thousand_dead_addresses),
        cmocka_unit_test(ends_with_mute_clients),
        cmocka_unit_test(at_its_own_address_only),
    };

    return test_group_run_fixtures(tests, script_setup_v40_default, script_teardown);
}
