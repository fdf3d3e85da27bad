/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/notify_batch.h"

#include "state/delegation/delegation.h"
#include "state/delegation/delegation_notify.h"
#include "state/session/session_back.h"

/* What is added: a notice, and in which form. */
struct adding {
    const struct delegation_notice *notice;
    const struct callback_notify_hook *hook;
    struct bitmap4 attrs; /* that go along */
};

/* ---- a notice as an event ---- */

/* Its parts, which the event points to. */
struct parts {
    struct notify_remove4 replaced;
    struct prev_entry4 previous;
    uint64_t cookie;
    struct fattr4 attrs;
    uint8_t values[LIMIT_CALLBACK_CALL_BYTES];
};

static struct notify_entry4 entry_of(struct wire_opaque name)
{
    return (struct notify_entry4){.ne_file = name};
}

/* Decoding finds the mask and the values that the hook has encoded. */
static bool attrs_make(const struct adding *adding, struct parts *parts)
{
    const struct callback_notify_hook *hook = adding->hook;
    struct xdr x;

    parts->attrs = (struct fattr4){0};
    if (adding->attrs.count == 0 || !adding->notice->obj || !hook->attributes)
        return true;
    xdr_init_encode(&x, parts->values, sizeof(parts->values));
    if (!hook->attributes(adding->notice, &adding->attrs, &x, hook->context))
        return false;
    xdr_init_decode(&x, parts->values, xdr_pos(&x), NULL);
    CHECK(wire_fattr4(&x, &parts->attrs) && xdr_left(&x) == 0);
    return true;
}

static struct notify_add4 add_of(const struct delegation_notice *notice, struct wire_opaque name,
                                 uint64_t cookie, struct parts *parts)
{
    struct notify_add4 add = {.nad_new_entry = {name, parts->attrs},
                              .nad_last_entry = notice->last};

    if (notice->replaced) {
        parts->replaced = (struct notify_remove4){entry_of(name), notice->replaced_cookie};
        add.nad_old_entry = &parts->replaced;
        add.nad_old_entry_count = 1;
    }
    if (notice->has_cookie) {
        parts->cookie = cookie;
        add.nad_new_entry_cookie = &parts->cookie;
        add.nad_new_entry_cookie_count = 1;
    }
    if (notice->has_prev) {
        parts->previous = (struct prev_entry4){entry_of(notice->prev), notice->prev_cookie};
        add.nad_prev_entry = &parts->previous;
        add.nad_prev_entry_count = 1;
    }
    return add;
}

static struct notify_event event_of(const struct delegation_notice *notice, struct parts *parts)
{
    const struct notify_remove4 old = {entry_of(notice->name), notice->cookie};
    struct notify_event event = {.type = notice->type};

    switch (notice->type) {
    case NOTIFY4_REMOVE_ENTRY:
        event.remove = old;
        break;
    case NOTIFY4_ADD_ENTRY:
        event.add = add_of(notice, notice->name, notice->cookie, parts);
        break;
    case NOTIFY4_RENAME_ENTRY:
        event.rename.nrn_old_entry = old;
        event.rename.nrn_new_entry = add_of(notice, notice->new_name, notice->new_cookie, parts);
        break;
    default:
        event.attr.na_changed_entry = (struct notify_entry4){notice->name, parts->attrs};
        break;
    }
    return event;
}

/* ---- adding ---- */

static bool unconfirmed(const struct delegation *delegation)
{
    return delegation->in_session &&
           session_call_unconfirmed(delegation->client->state, &delegation->given_to);
}

static bool continues(const struct notify_batch *batch, const struct delegation *delegation)
{
    return batch->count > 0 && batch->of[batch->count - 1] == delegation;
}

/* Is there room for another operation? */
static bool op_fits(const struct notify_batch *batch, const struct delegation *delegation)
{
    return batch->count < batch->room.ops && batch->count < LIMIT_CALLBACK_OPS - 1 &&
           (!notify_batch_after(batch) || !unconfirmed(delegation));
}

static uint32_t head_bytes(const struct delegation *delegation)
{
    return NOTIFY_BATCH_HEAD_BYTES - LIMIT_FH_BYTES + (uint32_t)xdr_padded(delegation->fh_len);
}

static void op_begin(struct notify_batch *batch, struct delegation *delegation)
{
    struct cb_op *op = &batch->ops[batch->count];

    *op = (struct cb_op){.op = OP_CB_NOTIFY};
    stateid_value(&delegation->sid, &op->notify.cna_stateid);
    op->notify.cna_fh = (struct nfs_fh4){.data = delegation->fh, .len = delegation->fh_len};
    op->notify.cna_changes = &batch->changes[batch->change_count];
    stateid_get(&delegation->sid);
    batch->of[batch->count++] = delegation;
    batch->used += head_bytes(delegation);
}

/* Encode the event into at most `room` bytes behind those that there are.  Returns its size; 0: it
 * does not fit. */
static uint32_t event_put(struct notify_batch *batch, const struct adding *adding, uint32_t room)
{
    struct notify_event event;
    struct parts parts;
    struct xdr x;

    if (!attrs_make(adding, &parts))
        return 0;
    event = event_of(adding->notice, &parts);
    xdr_init_encode(&x, batch->bytes + batch->filled, room);
    return notify_encode(&x, &event) ? (uint32_t)xdr_pos(&x) : 0;
}

static void change_append(struct notify_batch *batch, uint32_t len)
{
    struct notify4 *change = &batch->changes[batch->change_count];
    struct xdr x;

    xdr_init_decode(&x, batch->bytes + batch->filled, len, NULL);
    CHECK(wire_notify4(&x, change) && xdr_left(&x) == 0);
    batch->ops[batch->count - 1].notify.cna_changes_count++;
    batch->change_count++;
    batch->filled += len;
    batch->used += len;
}

static bool try(struct notify_batch *batch, const struct adding *adding)
{
    struct delegation *delegation = adding->notice->delegation;
    const bool new_op = !continues(batch, delegation);
    const uint32_t used = batch->used + (new_op ? head_bytes(delegation) : 0);
    uint32_t len;

    if (batch->change_count == LIMIT_CALLBACK_NOTICES || (new_op && !op_fits(batch, delegation)) ||
        used >= batch->room.bytes)
        return false;
    len = event_put(batch, adding, batch->room.bytes - used);
    if (len == 0)
        return false;
    if (new_op)
        op_begin(batch, delegation);
    change_append(batch, len);
    return true;
}

static void keep_identity(struct bitmap4 *attrs)
{
    const struct bitmap4 all = *attrs;

    *attrs = (struct bitmap4){0};
    if (bitmap4_isset(&all, FATTR4_FILEHANDLE))
        bitmap4_set(attrs, FATTR4_FILEHANDLE);
    if (bitmap4_isset(&all, FATTR4_FILEID))
        bitmap4_set(attrs, FATTR4_FILEID);
}

enum notify_batch_result notify_batch_add(struct notify_batch *batch,
                                          const struct delegation_notice *notice,
                                          const struct callback_notify_hook *hook)
{
    struct adding adding = {.notice = notice, .hook = hook, .attrs = notice->attrs};
    const bool entry = notice->type == NOTIFY4_REMOVE_ENTRY || notice->type == NOTIFY4_ADD_ENTRY ||
                       notice->type == NOTIFY4_RENAME_ENTRY;

    if (try(batch, &adding))
        return NOTIFY_BATCH_ADDED;
    if (batch->count > 0)
        return NOTIFY_BATCH_FULL;
    if (!entry)
        return NOTIFY_BATCH_LARGE;
    keep_identity(&adding.attrs);
    if (try(batch, &adding))
        return NOTIFY_BATCH_ADDED;
    adding.attrs = (struct bitmap4){0};
    return try(batch, &adding) ? NOTIFY_BATCH_ADDED : NOTIFY_BATCH_LARGE;
}

/* ---- the batch ---- */

void notify_batch_init(struct notify_batch *batch, struct callback_room room)
{
    batch->room = room;
    batch->used = batch->change_count = batch->filled = batch->count = 0;
}

const struct session_call *notify_batch_after(const struct notify_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        if (unconfirmed(batch->of[i]))
            return &batch->of[i]->given_to;
    }
    return NULL;
}

/* Keep the operations that `leaves` does not want to leave. */
static void filter(struct notify_batch *batch, const struct delegation *which,
                   bool (*leaves)(struct delegation *of, const struct delegation *which))
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < batch->count; i++) {
        struct delegation *of = batch->of[i];

        if (leaves(of, which)) {
            stateid_put(&of->sid);
            continue;
        }
        batch->of[kept] = of;
        batch->ops[kept++] = batch->ops[i];
    }
    batch->count = kept;
}

static bool is_that(struct delegation *of, const struct delegation *which)
{
    return of == which;
}

static bool is_over(struct delegation *of, const struct delegation *which)
{
    (void)which;
    return delegation_notify_over(of);
}

static bool any(struct delegation *of, const struct delegation *which)
{
    (void)of, (void)which;
    return true;
}

void notify_batch_accepted(struct notify_batch *batch, uint32_t count)
{
    CHECK(count <= batch->count);
    for (uint32_t i = 0; i < count; i++) {
        delegation_notify_told(batch->of[i], batch->ops[i].notify.cna_changes_count);
        stateid_put(&batch->of[i]->sid);
    }
    batch->count -= count;
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->of[i] = batch->of[i + count];
        batch->ops[i] = batch->ops[i + count];
    }
}

void notify_batch_drop(struct notify_batch *batch, const struct delegation *delegation)
{
    filter(batch, delegation, is_that);
}

void notify_batch_drop_over(struct notify_batch *batch)
{
    filter(batch, NULL, is_over);
}

void notify_batch_clear(struct notify_batch *batch)
{
    filter(batch, NULL, any);
}
