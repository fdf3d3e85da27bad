/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/attr/attr_owner.h"

#include "proto/caller.h"

enum {
    MISSING_MAX = 128, /* names that are waited for at a time; the next round has the others */
    ROUNDS_MAX = 64
};

/* The names that an operation lacks. */
struct attr_missing {
    uint32_t rounds;
    uint32_t count;
    struct {
        enum identity_kind kind;
        uint32_t id;
    } of[MISSING_MAX];
};

/* Without memory the owner is shown as nobody. */
static void missing_note(struct compound *c, enum identity_kind kind, uint32_t id)
{
    struct attr_missing *missing = c->missing;

    if (!missing)
        missing = c->missing = arena_zalloc(c->arena, sizeof(*missing));
    if (!missing || missing->count == MISSING_MAX || missing->rounds == ROUNDS_MAX)
        return;
    missing->of[missing->count].kind = kind;
    missing->of[missing->count++].id = id;
}

struct wire_opaque attr_owner_name(struct compound *c, enum identity_kind kind, uint32_t id,
                                   char text[ATTR_NAME_BYTES])
{
    uint32_t len;

    if (identity_name_of(c->server->identities, kind, id, IDENTITY_NO_WAIT, text, &len) ==
        IDENTITY_LATER)
        missing_note(c, kind, id);
    return (struct wire_opaque){(const uint8_t *)text, len};
}

/* All were asked for at the same time.  So if one is late, the others are, too, and are not waited
 * for; who is shown as nobody then has another name in a later request. */
bool attr_names_wait(struct compound *c)
{
    struct attr_missing *missing = c->missing;
    char text[ATTR_NAME_BYTES];
    uint32_t len, late = 0;

    if (missing->count == 0)
        return false;
    if (!caller_may_wait(c)) {
        missing->count = 0;
        return false;
    }
    for (uint32_t i = 0; i < missing->count; i++)
        late += identity_name_of(c->server->identities, missing->of[i].kind, missing->of[i].id,
                                 IDENTITY_WAIT, text, &len) == IDENTITY_LATER;
    caller_waited(c);
    missing->count = 0;
    missing->rounds = late > 0 ? ROUNDS_MAX : missing->rounds + 1;
    return true;
}

static enum nfsstat4 name_parse(struct compound *c, enum identity_kind kind,
                                const struct wire_opaque *text, uint32_t *id)
{
    struct identity_cache *cache = c->server->identities;
    const char *name = (const char *)text->data;
    enum identity_named named =
        cache ? identity_id_of(cache, kind, name, text->len, IDENTITY_NO_WAIT, id)
              : IDENTITY_UNNAMED;

    if (named == IDENTITY_LATER && caller_may_wait(c)) {
        named = identity_id_of(cache, kind, name, text->len, IDENTITY_WAIT, id);
        caller_waited(c);
    }
    if (named == IDENTITY_LATER)
        return NFS4ERR_DELAY;
    return named == IDENTITY_NAMED ? NFS4_OK : NFS4ERR_BADOWNER;
}

enum nfsstat4 attr_owner_parse(struct compound *c, enum identity_kind kind,
                               const struct wire_opaque *text, uint32_t *id)
{
    uint64_t v = 0;
    uint32_t i = 0;

    if (text->len == 0)
        return NFS4ERR_INVAL;
    for (; i < text->len && text->data[i] >= '0' && text->data[i] <= '9'; i++) {
        v = v * 10 + (uint64_t)(text->data[i] - '0');
        if (v > UINT32_MAX - 1)
            return NFS4ERR_BADOWNER;
    }
    if (i == 0 || (i < text->len && text->data[i] != '@'))
        return name_parse(c, kind, text, id);
    *id = (uint32_t)v;
    return NFS4_OK;
}
