/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_compound.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/client_seqid.h"

#define COMPOUND_FIRST_BYTES 2048u
#define COMPOUND_MAX_BYTES (16u << 20)

/* Enlarge the buffer.  The cursor returns to where it was before the failed attempt. */
static void grow(struct client_compound *c, size_t pos)
{
    CHECK(c->size < COMPOUND_MAX_BYTES);
    c->size *= 2;
    c->buffer = must_realloc(c->buffer, c->size);
    xdr_init_encode(&c->x, c->buffer, c->size);
    c->x.p += pos;
}

void client_compound_begin(struct client_compound *c, struct wire_opaque tag,
                           uint32_t minor_version)
{
    memset(c, 0, sizeof(*c));
    c->size = COMPOUND_FIRST_BYTES;
    c->buffer = must_malloc(c->size);
    xdr_init_encode(&c->x, c->buffer, c->size);
    while (!xdr_opaque(&c->x, &tag, UINT32_MAX))
        grow(c, 0);
    while (xdr_left(&c->x) < 8)
        grow(c, xdr_pos(&c->x));
    xdr_put_u32(&c->x, minor_version);
    c->minor = minor_version;
    c->count_pos = xdr_pos(&c->x);
    xdr_put_u32(&c->x, 0);
}

void client_compound_begin_plain(struct client_compound *c)
{
    client_compound_begin(c, (struct wire_opaque){NULL, 0}, 1);
}

void client_compound_begin_slot(struct client_compound *c, struct client_session *session,
                                uint32_t slot, bool cache_this)
{
    struct nfs_argop4 op = {.argop = OP_SEQUENCE};

    CHECK(slot < session->slot_count);
    client_compound_begin(c, (struct wire_opaque){NULL, 0}, client_session_minor(session));
    c->session = session;
    c->slot = slot;
    c->seqid_pos = xdr_pos(&c->x) + 4 + NFS4_SESSIONID_SIZE;
    memcpy(op.opsequence.sa_sessionid, session->sessionid, NFS4_SESSIONID_SIZE);
    op.opsequence.sa_sequenceid = session->slots[slot].seqid;
    op.opsequence.sa_slotid = slot;
    op.opsequence.sa_highest_slotid =
        session->highest_in_use > slot ? session->highest_in_use : slot;
    op.opsequence.sa_cachethis = cache_this;
    client_compound_add(c, &op);
}

void client_compound_add(struct client_compound *c, struct nfs_argop4 *op)
{
    size_t pos = xdr_pos(&c->x);

    while (!wire_nfs_argop4(&c->x, op)) {
        if (c->size >= COMPOUND_MAX_BYTES) {
            /* Not for lack of room: the operation or a union in it is invalid. */
            c->broken = true;
            xdr_init_encode(&c->x, c->buffer, c->size);
            c->x.p += pos;
            return;
        }
        grow(c, pos);
    }
    client_compound_set_count(c, c->count + 1);
}

void client_compound_add_words(struct client_compound *c, const uint32_t *words, size_t count)
{
    size_t pos = xdr_pos(&c->x);

    while (xdr_left(&c->x) < count * 4)
        grow(c, pos);
    for (size_t i = 0; i < count; i++)
        xdr_put_u32(&c->x, words[i]);
    client_compound_set_count(c, c->count + 1);
}

void client_compound_set_seqid(struct client_compound *c, uint32_t seqid)
{
    CHECK(c->seqid_pos != 0);
    xdr_patch_u32(&c->x, c->seqid_pos, seqid);
}

void client_compound_set_count(struct client_compound *c, uint32_t count)
{
    c->count = count;
    xdr_patch_u32(&c->x, c->count_pos, count);
}

struct wire_opaque client_compound_args(const struct client_compound *c)
{
    return (struct wire_opaque){c->buffer, (uint32_t)xdr_pos(&c->x)};
}

enum client_status client_compound_send_again(struct client_conn *conn,
                                              const struct client_compound *c, uint32_t xid)
{
    if (c->broken) {
        errno = EINVAL;
        return CLIENT_FAILED;
    }
    conn->minor = c->minor;
    return client_call_send_as(conn, xid, NFS4_PROGRAM, NFS_V4, NFSPROC4_COMPOUND, c->buffer,
                               xdr_pos(&c->x));
}

enum client_status client_compound_send(struct client_conn *conn, const struct client_compound *c,
                                        uint32_t *xid)
{
    *xid = ++conn->xid;
    return client_compound_send_again(conn, c, *xid);
}

enum client_status client_compound_receive(struct client_conn *conn, struct client_compound *c,
                                           uint32_t xid, struct client_result *result)
{
    enum client_status status;

    conn->minor = c->minor;
    status = client_result_receive(conn, xid, result);
    if (status == CLIENT_OK && c->session && result->decoded > 0 &&
        result->ops[0].resop == OP_SEQUENCE && result->ops[0].status == NFS4_OK)
        client_session_advance(c->session, &result->ops[0].opsequence);
    if (status == CLIENT_OK)
        client_owner_follow(c, result);
    return status;
}

enum client_status client_compound_call(struct client_conn *conn, struct client_compound *c,
                                        struct client_result *result)
{
    uint32_t xid;
    enum client_status status = client_compound_send(conn, c, &xid);

    memset(result, 0, sizeof(*result));
    return status == CLIENT_OK ? client_compound_receive(conn, c, xid, result) : status;
}

void client_compound_free(struct client_compound *c)
{
    free(c->buffer);
    memset(c, 0, sizeof(*c));
}
