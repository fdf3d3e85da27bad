/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_mount.h"

#include <errno.h>
#include <string.h>

#include "client/client_security.h"
#include "wire/status_name.h"

static bool connect_as(struct client_mount *mount, const char *target, int timeout_ms,
                       const struct client_cred *cred)
{
    memset(mount, 0, sizeof(*mount));
    mount->trouble = client_conn_open(&mount->conn, target, timeout_ms);
    if (mount->trouble != CLIENT_OK || !cred)
        return mount->trouble == CLIENT_OK;
    mount->conn.cred = *cred;
    mount->trouble = client_security_begin(&mount->conn, target, cred->security);
    if (mount->trouble != CLIENT_OK)
        client_conn_close(&mount->conn);
    return mount->trouble == CLIENT_OK;
}

enum nfsstat4 client_mount_open(struct client_mount *mount, const char *target, int timeout_ms,
                                const struct client_cred *cred,
                                const struct client_session_wish *wish)
{
    struct client_session_wish usual;
    enum nfsstat4 status = NFS4ERR_SERVERFAULT;

    if (!connect_as(mount, target, timeout_ms, cred))
        return status;
    if (!wish)
        usual = client_session_wish_default(NULL);
    mount->trouble =
        client_session_open(&mount->conn, wish ? wish : &usual, &mount->session, &status);
    if (status != NFS4_OK)
        client_conn_close(&mount->conn);
    return status;
}

enum nfsstat4 client_mount_open_v40(struct client_mount *mount, const char *target, int timeout_ms,
                                    const struct client_cred *cred,
                                    const struct client_id_wish *wish)
{
    struct client_id_wish usual;
    enum nfsstat4 status = NFS4ERR_SERVERFAULT;

    if (!connect_as(mount, target, timeout_ms, cred))
        return status;
    mount->v40 = true;
    if (!wish)
        usual = client_id_wish_default(NULL);
    mount->trouble = client_id_open(&mount->conn, wish ? wish : &usual, &mount->id, &status);
    if (status != NFS4_OK)
        client_conn_close(&mount->conn);
    return status;
}

const char *client_mount_failure(const struct client_mount *mount, enum nfsstat4 status)
{
    if (mount->trouble == CLIENT_OK)
        return status_name(status);
    if (*mount->conn.why)
        return mount->conn.why;
    return mount->trouble == CLIENT_FAILED ? strerror(errno) : client_status_name(mount->trouble);
}

uint64_t client_mount_clientid(const struct client_mount *mount)
{
    return mount->v40 ? mount->id.clientid : mount->session.clientid;
}

struct client_owner *client_mount_owner(struct client_mount *mount, const char *name)
{
    struct client_owner *owner;

    if (!mount->v40)
        return NULL;
    for (uint32_t i = 0; i < mount->owner_count; i++)
        if (strcmp(mount->owners[i].name, name) == 0)
            return &mount->owners[i];
    CHECK(mount->owner_count < CLIENT_MOUNT_OWNERS);
    owner = &mount->owners[mount->owner_count++];
    client_owner_init(owner, mount->id.clientid, name);
    return owner;
}

/* A client ID of minor version 0 is not destroyed: its lease expires. */
void client_mount_close(struct client_mount *mount)
{
    enum nfsstat4 status;

    if (mount->conn.fd >= 0 && mount->trouble == CLIENT_OK && !mount->v40)
        mount->trouble = client_session_close(&mount->conn, &mount->session, &status);
    if (mount->trouble == CLIENT_OK)
        client_security_end(&mount->conn);
    client_conn_close(&mount->conn);
}

static void begin(struct client_mount *mount, struct client_compound *c, bool cache_this)
{
    if (mount->v40)
        client_compound_begin(c, client_text(""), 0);
    else
        client_compound_begin_slot(c, &mount->session, 0, cache_this);
    c->conn = &mount->conn;
}

void client_mount_begin(struct client_mount *mount, struct client_compound *c)
{
    begin(mount, c, true);
}

void client_mount_begin_uncached(struct client_mount *mount, struct client_compound *c)
{
    begin(mount, c, false);
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
