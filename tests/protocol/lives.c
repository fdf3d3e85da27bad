/* SPDX-License-Identifier: Apache-2.0 */
#include "lives.h"

#include <string.h>
#include <sys/stat.h>

char lives_local[128];
struct client_fh lives_dir;
struct client_mount carol;

bool lives_init(void)
{
    alice.conn.fd = bob.conn.fd = carol.conn.fd = -1;
    if (!test_server_init(&script_server) || chmod(script_server.data, 0777) != 0)
        return false;
    (void)snprintf(lives_local, sizeof(lives_local), "/local=local:%s,no_root_squash",
                   script_server.data);
    return true;
}

int lives_start(const char *const *options, void (*come)(void))
{
    if (!test_server_start(&script_server, options))
        return -1;
    come();
    return client_file_lookup(&alice, "/local", &lives_dir) == NFS4_OK ? 0 : -1;
}

int lives_begin(const char *const *options, void (*come)(void))
{
    return lives_init() ? lives_start(options, come) : -1;
}

int lives_end(void **state)
{
    bool ended;

    (void)state;
    client_result_free(R);
    client_compound_free(C);
    client_conn_close(&alice.conn);
    client_conn_close(&bob.conn);
    client_conn_close(&carol.conn);
    ended = test_server_stop(&script_server);
    test_server_fini(&script_server);
    return ended ? 0 : -1;
}

void crash(void)
{
    test_server_kill(&script_server);
    assert_true(test_server_start(&script_server, NULL));
}

void lives_come_as(struct client_mount *mount, const struct client_session_wish *wish)
{
    struct client_session_wish mine = *wish;
    enum nfsstat4 status;

    client_conn_close(&mount->conn);
    memset(mount, 0, sizeof(*mount));
    mine.flags &= ~(uint32_t)CREATE_SESSION4_FLAG_CONN_BACK_CHAN; /* no callbacks */
    script_connect(&mount->conn);
    assert_int_equal(client_session_exchange_id(&mount->conn, &mine, &mount->session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(client_session_create(&mount->conn, &mine, &mount->session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
}

void lives_come(struct client_mount *mount, const char *owner, uint8_t verifier)
{
    struct client_session_wish wish = client_session_wish_default(owner);

    memset(wish.verifier, verifier, sizeof(wish.verifier));
    lives_come_as(mount, &wish);
}

void lives_complete(struct client_mount *mount)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_reclaim_complete(&mount->conn, &mount->session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
}
