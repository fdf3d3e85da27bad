/* SPDX-License-Identifier: Apache-2.0 */
#include "lost.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "client/client_seqid.h"

struct client_fh lost_dir;
struct client_file lost_file;
struct client_result lost_first;

static uint32_t lost_xid;

const struct nfs_resop4 *lost_result(uint32_t op)
{
    const struct nfs_resop4 *result = client_result_lookup(&lost_first, op);

    assert_non_null(result);
    return result;
}

void lost_send_over(struct client_conn *conn, enum nfsstat4 status)
{
    client_result_free(&lost_first);
    assert_int_equal(client_compound_send(conn, C, &lost_xid), CLIENT_OK);
    assert_int_equal(client_result_receive(conn, lost_xid, &lost_first), CLIENT_OK);
    client_conn_abort(conn);
    client_owner_follow(C, &lost_first);
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
    if (C->minor == 0)
        conn.xid = lost_xid - 1;
    run_on(&conn, status);
    assert_int_equal(R->body.len, lost_first.body.len);
    assert_memory_equal(R->body.data, lost_first.body.data, lost_first.body.len);
    client_conn_close(&conn);
}

static void look_behind(bool sequenced)
{
    client_op_getfh(C);
    if (sequenced)
        client_op_getattr(C, CLIENT_BITS(FATTR4_TYPE, FATTR4_FILEID));
    else
        client_op_getattr(C, CLIENT_BITS(FATTR4_TYPE, FATTR4_CHANGE, FATTR4_SIZE, FATTR4_FILEID,
                                         FATTR4_MODE, FATTR4_NUMLINKS, FATTR4_TIME_METADATA,
                                         FATTR4_TIME_MODIFY));
}

/* The retry is the same compound, whatever was called meanwhile. */
static void lose_and_retry(const struct lost *lost, bool sequenced)
{
    struct client_compound kept;

    lost->request();
    look_behind(sequenced);
    lost_send(lost->status);
    kept = script_compound;
    memset(C, 0, sizeof(*C));
    if (lost->meanwhile)
        lost->meanwhile();
    client_compound_free(C);
    script_compound = kept;
    lost_retry(lost->status);
    lost_retry(lost->status);
    if (lost->after)
        lost->after();
}

void lost_run(const char *export, const struct lost_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct lost *lost = &table->rows[i];

        if (lost->root_only && geteuid() != 0) {
            test_skip_part(TEST_NEEDS_DEVICES);
            continue;
        }
        print_message("  %s\n", lost->name);
        lost_dir = script_dir(export);
        lost_file = make_open(&alice, &lost_dir, "there");
        if (lost->before)
            lost->before();
        lose_and_retry(lost, table->sequenced);
    }
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

void lost_new_moved(void)
{
    begin_two(&bob, &lost_dir, &lost_dir);
    client_op_rename(C, "new", "moved");
    run(NFS4_OK);
}

void lost_write_by_bob(void)
{
    uint32_t written;

    expect_status(client_file_write(&bob, &(struct client_file){.fh = lost_file.fh}, 0, FILE_SYNC4,
                                    "other", 5, &written),
                  NFS4_OK);
}

void lost_op_truncate(uint32_t seqid, struct state_owner4 owner)
{
    static uint8_t zero[8];
    struct nfs_argop4 op = {
        .argop = OP_OPEN,
        .opopen = {.seqid = seqid,
                   .share_access = OPEN4_SHARE_ACCESS_BOTH,
                   .owner = owner,
                   .openhow = {.opentype = OPEN4_CREATE},
                   .claim = {.claim = CLAIM_NULL}},
    };

    op.opopen.claim.file = client_text("there");
    op.opopen.openhow.how.mode = UNCHECKED4;
    op.opopen.openhow.how.createattrs =
        (struct fattr4){CLIENT_BITS(FATTR4_SIZE), {zero, sizeof(zero)}};
    client_compound_add(C, &op);
}

uint32_t lost_cut(const struct client_fh *dir, unsigned i)
{
    struct client_conn conn;
    char name[16];
    uint32_t xid;

    (void)snprintf(name, sizeof(name), "d%u", i);
    begin(&alice, dir);
    client_op_create(C, name, NF4DIR, NULL, 0700);
    script_connect(&conn);
    assert_int_equal(client_compound_send(&conn, C, &xid), CLIENT_OK);
    if (i % 2)
        poll(NULL, 0, 1);
    client_conn_abort(&conn);
    return xid;
}

int lost_teardown(void **state)
{
    client_result_free(&lost_first);
    return script_teardown(state);
}
