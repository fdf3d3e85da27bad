/* SPDX-License-Identifier: Apache-2.0 */
#include "lost.h"

#include <string.h>

struct client_fh lost_dir;
struct client_file lost_file;
struct client_result lost_first;

const struct nfs_resop4 *lost_result(uint32_t op)
{
    const struct nfs_resop4 *result = client_result_find(&lost_first, op);

    assert_non_null(result);
    return result;
}

void lost_send_over(struct client_conn *conn, enum nfsstat4 status)
{
    uint32_t xid;

    client_result_free(&lost_first);
    assert_int_equal(client_compound_send(conn, C, &xid), CLIENT_OK);
    assert_int_equal(client_result_receive(conn, xid, &lost_first), CLIENT_OK);
    client_conn_abort(conn);
    expect_status(lost_first.status, status);
}

void lost_send(enum nfsstat4 status)
{
    struct client_conn conn;

    script_connect(&conn);
    lost_send_over(&conn, status);
}

void lost_retry(enum nfsstat4 status)
{
    struct client_conn conn;

    script_connect(&conn);
    run_on(&conn, status);
    assert_int_equal(R->body.len, lost_first.body.len);
    assert_memory_equal(R->body.data, lost_first.body.data, lost_first.body.len);
    client_conn_close(&conn);
}

void lost_meanwhile(const struct client_fh *fh)
{
    client_compound_free(C);
    client_compound_begin_slot(C, &alice.session, 1, true);
    client_op_putfh(C, fh);
}

void lost_expect_name(const char *name, bool there)
{
    struct client_fh fh;

    expect_status(client_file_lookup_at(&bob, &lost_dir, name, &fh),
                  there ? NFS4_OK : NFS4ERR_NOENT);
}
