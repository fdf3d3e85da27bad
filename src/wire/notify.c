/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/notify.h"

static bool value_filter(struct xdr *x, struct notify_event *event)
{
    switch (event->type) {
    case NOTIFY4_CHANGE_CHILD_ATTRS:
    case NOTIFY4_CHANGE_DIR_ATTRS:
        return wire_notify_attr4(x, &event->attr);
    case NOTIFY4_REMOVE_ENTRY:
        return wire_notify_remove4(x, &event->remove);
    case NOTIFY4_ADD_ENTRY:
        return wire_notify_add4(x, &event->add);
    case NOTIFY4_RENAME_ENTRY:
        return wire_notify_rename4(x, &event->rename);
    case NOTIFY4_CHANGE_COOKIE_VERIFIER:
        return wire_notify_verifier4(x, &event->verifier);
    case NOTIFY4_GFLAG_EXTEND:
    case NOTIFY4_CFLAG_ORDER:
        break;
    }
    return xdr_fail(x);
}

/* ---- out ---- */

bool notify_encode(struct xdr *x, struct notify_event *event)
{
    const size_t start = xdr_pos(x);
    struct bitmap4 mask = {0};
    size_t length_at;

    CHECK((uint32_t)event->type < NOTIFY_TYPES && !x->failed);
    bitmap4_set(&mask, event->type);
    wire_bitmap4(x, &mask);
    length_at = xdr_pos(x);
    xdr_put_u32(x, 0);
    if (!value_filter(x, event)) {
        xdr_rewind(x, start);
        return false;
    }
    /* Values are whole words, so the opaque needs no padding. */
    xdr_patch_u32(x, length_at, (uint32_t)(xdr_pos(x) - length_at - 4));
    return true;
}

/* ---- in ---- */

static bool entry_ok(const struct notify_entry4 *entry)
{
    return entry->ne_file.len > 0 && entry->ne_file.len <= LIMIT_NAME_BYTES;
}

static bool add_ok(const struct notify_add4 *add)
{
    return entry_ok(&add->nad_new_entry) &&
           (add->nad_old_entry_count == 0 || entry_ok(&add->nad_old_entry->nrm_old_entry)) &&
           (add->nad_prev_entry_count == 0 || entry_ok(&add->nad_prev_entry->pe_prev_entry));
}

static bool event_ok(const struct notify_event *event)
{
    switch (event->type) {
    case NOTIFY4_CHANGE_CHILD_ATTRS:
        return entry_ok(&event->attr.na_changed_entry);
    case NOTIFY4_CHANGE_DIR_ATTRS: /* of no entry; servers differ in the name that they send */
        return event->attr.na_changed_entry.ne_file.len <= LIMIT_NAME_BYTES;
    case NOTIFY4_REMOVE_ENTRY:
        return entry_ok(&event->remove.nrm_old_entry);
    case NOTIFY4_ADD_ENTRY:
        return add_ok(&event->add);
    case NOTIFY4_RENAME_ENTRY:
        return entry_ok(&event->rename.nrn_old_entry.nrm_old_entry) &&
               add_ok(&event->rename.nrn_new_entry);
    default:
        return true;
    }
}

static bool mask_ok(const struct bitmap4 *mask)
{
    for (uint32_t i = 1; i < LIMIT_BITMAP_WORDS; i++) {
        if (mask->words[i] != 0)
            return false;
    }
    return !mask->beyond && mask->words[0] != 0 && mask->words[0] >> NOTIFY_TYPES == 0;
}

bool notify_decode(const struct notify4 *change, struct notify_events *out, struct arena *arena)
{
    struct xdr x;

    out->count = 0;
    if (!mask_ok(&change->notify_mask))
        return false;
    xdr_init_decode(&x, change->notify_vals.data, change->notify_vals.len, arena);
    for (uint32_t type = 0; type < NOTIFY_TYPES; type++) {
        struct notify_event *event = &out->events[out->count];

        if (!bitmap4_isset(&change->notify_mask, type))
            continue;
        event->type = type;
        if (!value_filter(&x, event) || !event_ok(event))
            return false;
        out->count++;
    }
    return xdr_left(&x) == 0;
}

const char *notify_type_name(uint32_t type)
{
    static const char *const names[NOTIFY_TYPES] = {
        [NOTIFY4_CHANGE_CHILD_ATTRS] = "child_attributes",
        [NOTIFY4_CHANGE_DIR_ATTRS] = "directory_attributes",
        [NOTIFY4_REMOVE_ENTRY] = "remove",
        [NOTIFY4_ADD_ENTRY] = "add",
        [NOTIFY4_RENAME_ENTRY] = "rename",
        [NOTIFY4_CHANGE_COOKIE_VERIFIER] = "cookie_verifier",
    };

    return type < NOTIFY_TYPES ? names[type] : NULL;
}
