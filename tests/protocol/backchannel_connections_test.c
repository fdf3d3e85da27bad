/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which connection of a session carries callbacks, and what the client is told when there is none.
 */
#include "backchannel.h"

enum {
    RECONNECTS = 100
};

/* The connection that a recall comes over: of a file that was delegated before. */
static uint64_t recalled_over(struct holder *holder, const char *name, struct client_file *file)
{
    expect_status(conflict_open(&bob, &dir, name, &(struct client_file){0}), NFS4ERR_DELAY);
    return client_callback_at(holder->callbacks, holder_wait_recall(holder, file))->over;
}

/* S22-17: the connection with the newest request. */
static void the_active_connection_carries(void **state)
{
    static const char *const names[] = {"active 0", "active 1", "active 2", "active 3"};
    struct client_conn *conns[3];
    struct client_file files[4];
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    conns[0] = &holder.mount.conn;
    conns[1] = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    conns[2] = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    for (size_t i = 0; i < 4; i++)
        files[i] = holder_delegated(&holder, &dir, names[i], OPEN_DELEGATE_WRITE);
    for (size_t i = 0; i < 4; i++) {
        struct client_conn *active = conns[(i + 1) % 3];

        /* The answer to the last callback is traffic too, and must have arrived before. */
        assert_int_equal(client_call_null(conns[i % 3]), CLIENT_OK);
        (void)holder_speak(&holder, active);
        assert_true(recalled_over(&holder, names[i], &files[i]) == active->serial);
    }
    for (size_t i = 0; i < 4; i++)
        holder_finish(&holder, &files[i]);
    holder_close(&holder);
}

/* A connection bound to the fore channel alone carries no callbacks, however active it is; one
 * bound to the back channel alone does. */
static void the_fore_channel_carries_none(void **state)
{
    struct client_conn *fore, *back;
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    fore = holder_connect(&holder, CDFC4_FORE);
    back = holder_connect(&holder, CDFC4_BACK);
    file = holder_delegated(&holder, &dir, "fore", OPEN_DELEGATE_WRITE);
    client_conn_close(&holder.mount.conn);
    (void)holder_speak(&holder, fore);
    assert_true(recalled_over(&holder, "fore", &file) == back->serial);
    holder_move(&holder, fore);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

/* L-01, W10: CREATE_SESSION bound its connection to both channels, and its reply said so. */
static void the_first_connection_carries(void **state)
{
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    assert_true(holder.mount.session.flags & CREATE_SESSION4_FLAG_CONN_BACK_CHAN);
    file = holder_delegated(&holder, &dir, "first", OPEN_DELEGATE_WRITE);
    assert_true(recalled_over(&holder, "first", &file) == holder.mount.conn.serial);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

/* P-08, P-11, S22-18, S22A-06, S22A-11, L-05: a connection that stayed bound would keep the flags
 * away. */
static void reconnected_a_hundred_times(void **state)
{
    struct client_file file;
    struct client_conn fore;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    script_connect(&fore);
    for (int i = 0; i < RECONNECTS; i++) {
        assert_int_equal(holder_speak(&holder, &holder.mount.conn), 0);
        if (i % 2)
            client_conn_abort(&holder.mount.conn);
        else
            client_conn_close(&holder.mount.conn);
        wait_until(holder_speak(&holder, &fore) == BACKCHANNEL_DOWN);
        holder_reconnect(&holder, i % 4 < 2 ? CDFC4_FORE_OR_BOTH : CDFC4_BACK_OR_BOTH);
        assert_int_equal(holder_speak(&holder, &fore), 0);
    }
    file = holder_delegated(&holder, &dir, "reconnected", OPEN_DELEGATE_WRITE);
    assert_true(recalled_over(&holder, "reconnected", &file) == holder.mount.conn.serial);
    holder_finish(&holder, &file);
    client_conn_close(&fore);
    holder_close(&holder);
}

/* No delegation is granted while there is no way to recall it. */
static void none_is_given_without_a_path(void **state)
{
    struct client_conn fore;
    struct client_file file;
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    client_conn_close(&holder.mount.conn);
    script_connect(&fore);
    wait_until(holder_speak(&holder, &fore) == BACKCHANNEL_DOWN);
    holder_move(&holder, &fore);
    file = holder_wanting(&holder, &dir, "pathless", OPEN_DELEGATE_WRITE);
    assert_null(client_file_delegation(&file));
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    holder_bind(&holder, &holder.mount.conn, CDFC4_FORE_OR_BOTH);
    file = holder_delegated(&holder, &dir, "pathless", OPEN_DELEGATE_WRITE);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_active_connection_carries),
        cmocka_unit_test(the_fore_channel_carries_none),
        cmocka_unit_test(the_first_connection_carries),
        cmocka_unit_test(reconnected_a_hundred_times),
        cmocka_unit_test(none_is_given_without_a_path),
    };

    return test_group_run_fixtures(tests, backchannel_setup_default, script_teardown);
}
