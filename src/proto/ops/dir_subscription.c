/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ops/dir_subscription.h"

#include "base/clock.h"
#include "proto/attr/attr.h"
#include "state/delegation/delegation_dir.h"

/* Of one object, and small; but for time_access, which reading changes. */
static const uint32_t attributes[] = {
    FATTR4_TYPE,        FATTR4_CHANGE,      FATTR4_SIZE,          FATTR4_FSID,
    FATTR4_FILEHANDLE,  FATTR4_FILEID,      FATTR4_MODE,          FATTR4_NUMLINKS,
    FATTR4_OWNER,       FATTR4_OWNER_GROUP, FATTR4_RAWDEV,        FATTR4_SPACE_USED,
    FATTR4_TIME_CREATE, FATTR4_TIME_MODIFY, FATTR4_TIME_METADATA, FATTR4_MOUNTED_ON_FILEID,
};

static void choose_attributes(const struct compound *c, const struct bitmap4 *asked,
                              struct bitmap4 *out)
{
    struct bitmap4 supported;

    *out = (struct bitmap4){.count = 0};
    attr_supported(c, c->current.export, &supported);
    for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
        if (bitmap4_isset(asked, attributes[i]) && bitmap4_isset(&supported, attributes[i]))
            bitmap4_set(out, attributes[i]);
    }
}

static int64_t delay_ns(const struct nfstime4 *time)
{
    return time->seconds * NSEC_PER_SEC + time->nseconds;
}

/* Attributes that may wait longer than a lease are not worth a notice.  (Seconds that do not fit
 * into a delay are as many.) */
static bool delay_fits(const struct compound *c, const struct nfstime4 *time)
{
    const int64_t lease_ns = c->server->state->lease_ns;

    return time->seconds <= lease_ns / NSEC_PER_SEC && delay_ns(time) <= lease_ns;
}

static bool needs_order(const struct bitmap4 *asked)
{
    return !bitmap4_isset(asked, NOTIFY4_GFLAG_EXTEND) || bitmap4_isset(asked, NOTIFY4_CFLAG_ORDER);
}

static uint32_t types_sent(const struct compound *c, const struct GET_DIR_DELEGATION4args *args)
{
    const uint32_t caps = c->current.obj->fs->caps;
    uint32_t types = 1u << NOTIFY4_REMOVE_ENTRY;

    if ((caps & VFS_CAP_ORDER) || !needs_order(&args->gdda_notification_types))
        types |= 1u << NOTIFY4_ADD_ENTRY | 1u << NOTIFY4_RENAME_ENTRY;
    if (delay_fits(c, &args->gdda_dir_attr_delay))
        types |= 1u << NOTIFY4_CHANGE_DIR_ATTRS;
    if ((caps & VFS_CAP_PARENTS) && delay_fits(c, &args->gdda_child_attr_delay))
        types |= 1u << NOTIFY4_CHANGE_CHILD_ATTRS;
    return types;
}

void dir_subscription_choose(const struct compound *c, const struct GET_DIR_DELEGATION4args *args,
                             struct delegation_subscription *out)
{
    const struct bitmap4 *asked = &args->gdda_notification_types;

    *out = (struct delegation_subscription){.named_owners = c->named_owners};
    if (delegation_dir_allowed(c->server->state) != DELEGATION_DIR_NOTIFY ||
        c->current.obj->type != VFS_DIR)
        return;
    out->types = asked->words[0] & types_sent(c, args);
    out->ordered = needs_order(asked);
    if (out->types >> NOTIFY4_CHANGE_CHILD_ATTRS & 1)
        out->child_delay_ns = delay_ns(&args->gdda_child_attr_delay);
    if (out->types & ~(1u << NOTIFY4_REMOVE_ENTRY | 1u << NOTIFY4_CHANGE_DIR_ATTRS))
        choose_attributes(c, &args->gdda_child_attributes, &out->child);
    if (!(out->types >> NOTIFY4_CHANGE_DIR_ATTRS & 1))
        return;
    out->dir_delay_ns = delay_ns(&args->gdda_dir_attr_delay);
    choose_attributes(c, &args->gdda_dir_attributes, &out->dir);
}

/* The cookie verifier never changes, and whoever wants to be told when it does is. */
void dir_subscription_describe(const struct GET_DIR_DELEGATION4args *args,
                               const struct delegation_subscription *granted,
                               struct GET_DIR_DELEGATION4resok *resok)
{
    const struct bitmap4 *asked = &args->gdda_notification_types;

    if (granted->types == 0)
        return;
    for (uint32_t type = 0; type <= NOTIFY4_RENAME_ENTRY; type++) {
        if (granted->types >> type & 1)
            bitmap4_set(&resok->gddr_notification, type);
    }
    if (bitmap4_isset(asked, NOTIFY4_CHANGE_COOKIE_VERIFIER))
        bitmap4_set(&resok->gddr_notification, NOTIFY4_CHANGE_COOKIE_VERIFIER);
    if (bitmap4_isset(asked, NOTIFY4_GFLAG_EXTEND))
        bitmap4_set(&resok->gddr_notification, NOTIFY4_GFLAG_EXTEND);
    resok->gddr_child_attributes = granted->child;
    resok->gddr_dir_attributes = granted->dir;
}
