/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_mount.h"

#include <string.h>

enum nfsstat4 client_mount_open(struct client_mount *mount, const char *target, int timeout_ms,
                                const struct client_cred *cred,
                                const struct client_session_wish *wish)
{
    struct client_session_wish usual;
    enum nfsstat4 status = NFS4ERR_SERVERFAULT;

    memset(mount, 0, sizeof(*mount));
    mount->trouble = client_conn_open(&mount->conn, target, timeout_ms);
    if (mount->trouble != CLIENT_OK)
        return status;
    if (cred)
        mount->conn.cred = *cred;
    if (!wish)
        usual = client_session_wish_default(NULL);
    mount->trouble =
        client_session_open(&mount->conn, wish ? wish : &usual, &mount->session, &status);
    if (status != NFS4_OK)
        client_conn_close(&mount->conn);
    return status;
}

void client_mount_close(struct client_mount *mount)
{
    enum nfsstat4 status;

    if (mount->conn.fd >= 0 && mount->trouble == CLIENT_OK)
        mount->trouble = client_session_close(&mount->conn, &mount->session, &status);
    client_conn_close(&mount->conn);
}

void client_mount_begin(struct client_mount *mount, struct client_compound *c)
{
    client_compound_begin_slot(c, &mount->session, 0, true);
}

enum nfsstat4 client_mount_call(struct client_mount *mount, struct client_compound *c,
                                struct client_result *r)
{
    enum client_status client = client_compound_call(&mount->conn, c, r);

    client_compound_free(c);
    if (client == CLIENT_OK)
        return r->status;
    if (mount->trouble == CLIENT_OK)
        mount->trouble = client;
    client_result_free(r);
    return NFS4ERR_SERVERFAULT;
}
