/* SPDX-License-Identifier: Apache-2.0 */
#include "offloading.h"

#include <string.h>

struct stateid4 offloading_begin(struct client_mount *mount, const struct copying *copying)
{
    const struct COPY4resok *resok;

    copying_begin(mount, copying);
    run(NFS4_OK);
    resok = &result(OP_COPY)->opcopy;
    assert_int_equal(resok->cr_response.wr_callback_id_count, 1);
    assert_int_equal(resok->cr_response.wr_count, 0);
    assert_true(resok->cr_requirements.cr_consecutive);
    assert_false(resok->cr_requirements.cr_synchronous);
    return *resok->cr_response.wr_callback_id;
}

static enum client_status try_offload(struct client_mount *mount, const struct client_fh *fh,
                                      uint32_t op, const struct stateid4 *stateid)
{
    struct nfs_argop4 arg = {.argop = op};

    if (op == OP_OFFLOAD_STATUS)
        arg.opoffload_status.osa_stateid = *stateid;
    else
        arg.opoffload_cancel.oca_stateid = *stateid;
    begin(mount, fh);
    client_compound_add(C, &arg);
    client_result_free(R);
    return client_compound_call(&mount->conn, C, R);
}

enum nfsstat4 offload(struct client_mount *mount, const struct client_fh *fh, uint32_t op,
                      const struct stateid4 *stateid)
{
    assert_int_equal(try_offload(mount, fh, op, stateid), CLIENT_OK);
    return R->status;
}

bool offloading_is_over(void)
{
    return result(OP_OFFLOAD_STATUS)->opoffload_status.osr_complete_count > 0;
}

const struct client_callback_op *offloading_heard(const struct holder *holder,
                                                  const struct stateid4 *stateid, uint32_t *number)
{
    for (; *number < holder->callbacks->count; (*number)++) {
        const struct client_callback_op *op =
            client_callback_lookup(client_callback_at(holder->callbacks, *number), OP_CB_OFFLOAD);

        if (op && memcmp(&op->stateid, stateid, sizeof(*stateid)) == 0)
            return op;
    }
    return NULL;
}

/* The server closes a connection on which callbacks are not answered. */
static void connect_again(struct holder *holder)
{
    if (holder->mount.conn.fd < 0)
        holder_reconnect(holder, CDFC4_FORE_OR_BOTH);
}

const struct client_callback_op *offloading_hear(struct holder *holder,
                                                 const struct stateid4 *stateid, uint32_t *number)
{
    const struct client_callback_op *op;

    holder_pump_until(
        holder, (connect_again(holder), (op = offloading_heard(holder, stateid, number)) != NULL));
    return op;
}

/* False also if the connection is lost.  Then the question is repeated in the same slot, and it
 * does not matter whether the server had it. */
static bool is_gone(struct holder *holder, const struct client_fh *fh,
                    const struct stateid4 *stateid)
{
    enum client_status status;

    connect_again(holder);
    status = try_offload(&holder->mount, fh, OP_OFFLOAD_STATUS, stateid);
    if (status == CLIENT_OK)
        return R->status == NFS4ERR_BAD_STATEID;
    assert_true(status == CLIENT_CLOSED || status == CLIENT_FAILED);
    client_conn_close(&holder->mount.conn);
    return false;
}

void offloading_expect_gone(struct holder *holder, const struct client_fh *fh,
                            const struct stateid4 *stateid)
{
    wait_until(is_gone(holder, fh, stateid));
}

const char *offloading_path(const struct stateid4 *stateid)
{
    static char path[sizeof("/copies/") + 2 * NFS4_OTHER_SIZE];
    int len = snprintf(path, sizeof(path), "/copies/");

    for (size_t i = 0; i < NFS4_OTHER_SIZE; i++)
        len += snprintf(path + len, sizeof(path) - (size_t)len, "%02x", stateid->other[i]);
    return path;
}
