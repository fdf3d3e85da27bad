/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/probe.h"

#include <stdio.h>
#include <string.h>

/* An opaque as text; what is not printable becomes '.'. */
static void text_of(char *out, size_t size, const struct wire_opaque *in)
{
    size_t len = in->len < size - 1 ? in->len : size - 1;

    for (size_t i = 0; i < len; i++)
        out[i] = in->data[i] >= 0x20 && in->data[i] < 0x7f ? (char)in->data[i] : '.';
    out[len] = '\0';
}

/* PUTROOTFH needs no session in minor version 0; in the later ones its answer is
 * NFS4ERR_OP_NOT_IN_SESSION, and only a version that is refused answers MINOR_VERS_MISMATCH. */
static enum client_status ask_minor(struct probe *probe, struct client_conn *conn, uint32_t minor)
{
    struct client_compound c;
    struct client_result r;
    enum client_status client;

    client_compound_begin(&c, client_text("probe"), minor);
    client_op_putrootfh(&c);
    client = client_compound_call(conn, &c, &r);
    client_compound_free(&c);
    if (client == CLIENT_OK) {
        probe->minors[minor].status = r.status;
        probe->minors[minor].accepted = r.status != NFS4ERR_MINOR_VERS_MISMATCH;
        client_result_free(&r);
    }
    return client;
}

/* EXCHANGE_ID for the server's names, which the session does not keep.  The same owner and
 * verifier serve for the session afterwards. */
static enum client_status ask_names(struct probe *probe, struct client_conn *conn,
                                    const struct client_session_wish *wish)
{
    struct nfs_argop4 op = {.argop = OP_EXCHANGE_ID};
    struct client_compound c;
    struct client_result r;
    enum client_status client;

    memcpy(op.opexchange_id.eia_clientowner.co_verifier, wish->verifier, NFS4_VERIFIER_SIZE);
    op.opexchange_id.eia_clientowner.co_ownerid = client_text(wish->owner);
    client_compound_begin_plain(&c);
    client_compound_add(&c, &op);
    client = client_compound_call(conn, &c, &r);
    client_compound_free(&c);
    if (client != CLIENT_OK)
        return client;
    if (r.status == NFS4_OK && r.decoded > 0) {
        const struct EXCHANGE_ID4resok *ok = &r.ops[0].opexchange_id;

        text_of(probe->server_owner, sizeof(probe->server_owner),
                &ok->eir_server_owner.so_major_id);
        text_of(probe->server_scope, sizeof(probe->server_scope), &ok->eir_server_scope);
        if (ok->eir_server_impl_id_count > 0)
            text_of(probe->implementation, sizeof(probe->implementation),
                    &ok->eir_server_impl_id[0].nii_name);
    }
    client_result_free(&r);
    return CLIENT_OK;
}

static void ask_root(struct probe *probe, struct client_mount *mount)
{
    struct client_fh root;
    struct nfs4_attrs lease;

    if (client_file_lookup(mount, "/", &root) != NFS4_OK)
        return;
    if (client_file_getattr(mount, &root, CLIENT_BITS(FATTR4_SUPPORTED_ATTRS), &probe->attrs,
                            NULL) == NFS4_OK)
        probe->has_attrs = true;
    if (client_file_getattr(mount, &root, CLIENT_BITS(FATTR4_LEASE_TIME), &lease, NULL) == NFS4_OK)
        probe->lease_s = lease.lease_time;
    probe_tree(probe, mount);
}

static enum client_status ask_session(struct probe *probe)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_mount mount;
    enum client_status client;

    wish.fore.ca_maxrequests = CLIENT_SLOTS; /* so that the grant shows the server's limit */
    client = client_conn_open(&mount.conn, probe->target, probe->timeout_ms);
    if (client == CLIENT_OK)
        client = ask_names(probe, &mount.conn, &wish);
    if (client == CLIENT_OK || mount.conn.fd >= 0)
        client_conn_close(&mount.conn);
    if (client != CLIENT_OK)
        return client;
    probe->session_status =
        client_mount_open(&mount, probe->target, probe->timeout_ms, &probe->cred, &wish);
    if (mount.trouble != CLIENT_OK)
        return mount.trouble;
    if (probe->session_status != NFS4_OK)
        return CLIENT_OK;
    probe->has_session = true;
    probe->session = mount.session;
    ask_root(probe, &mount);
    client = mount.trouble;
    client_mount_close(&mount);
    return client;
}

enum client_status probe_run(struct probe *probe)
{
    struct client_conn conn;
    enum client_status client = client_conn_open(&conn, probe->target, probe->timeout_ms);

    if (client != CLIENT_OK)
        return client;
    conn.cred = probe->cred;
    client = client_call_null(&conn);
    for (uint32_t minor = 0; minor < PROBE_MINORS && client == CLIENT_OK; minor++)
        client = ask_minor(probe, &conn, minor);
    client_conn_close(&conn);
    if (client == CLIENT_OK && probe->minors[1].accepted)
        client = ask_session(probe);
    return client;
}
