/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_dir.h"

#include <stdlib.h>
#include <string.h>

#define NEVER UINT64_MAX /* of own_before: no change attribute reaches it */

const char *client_dir_loss_name(enum client_dir_loss loss)
{
    switch (loss) {
    case CLIENT_DIR_RECALLED:
        return "recalled";
    case CLIENT_DIR_REVOKED:
        return "revoked";
    case CLIENT_DIR_SESSION:
        return "session_lost";
    case CLIENT_DIR_MALFORMED:
        return "malformed";
    case CLIENT_DIR_RETURNED:
        return "returned";
    case CLIENT_DIR_LIMIT:
        return "too_large";
    }
    return "unknown";
}

struct bitmap4 client_dir_entry_attrs(void)
{
    return CLIENT_BITS(FATTR4_TYPE, FATTR4_CHANGE, FATTR4_SIZE, FATTR4_FILEID);
}

struct bitmap4 client_dir_attrs(void)
{
    return CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE, FATTR4_NUMLINKS, FATTR4_TIME_MODIFY);
}

/* ---- entries ---- */

static struct client_dir_entry *entry_lookup(const struct client_dir *dir,
                                             const struct wire_opaque *name)
{
    struct hnode *node = htable_first(&dir->entries, hash_bytes(name->data, name->len, 0));

    for (; node; node = htable_next(node)) {
        struct client_dir_entry *e = CONTAINER_OF(node, struct client_dir_entry, node);

        if (e->name_len == name->len && memcmp(e->name, name->data, name->len) == 0)
            return e;
    }
    return NULL;
}

/* That of the name, or a new one that is not present.  NULL: one too many, so the directory is
 * lost. */
static struct client_dir_entry *entry_get(struct client_dir *dir, const struct wire_opaque *name)
{
    struct client_dir_entry *e = entry_lookup(dir, name);

    if (e)
        return e;
    if (dir->entries.count >= CLIENT_DIR_ENTRIES) {
        client_dir_lose(dir, CLIENT_DIR_LIMIT);
        return NULL;
    }
    e = must_calloc(1, sizeof(*e) + name->len + 1);
    list_init(&e->doubt);
    e->name_len = name->len;
    if (name->len)
        memcpy(e->name, name->data, name->len);
    htable_insert(&dir->entries, &e->node, hash_bytes(name->data, name->len, 0));
    return e;
}

static void entry_free(struct client_dir *dir, struct client_dir_entry *e)
{
    htable_remove(&dir->entries, &e->node);
    list_remove(&e->doubt);
    free(e);
}

static void entry_set_present(struct client_dir *dir, struct client_dir_entry *e, bool present)
{
    if (present != e->present)
        dir->count += present ? 1 : -1u;
    e->present = present;
    e->has_cookie = false;
    e->known = (struct bitmap4){0};
}

/* What is not there is remembered only as long as something refers to it. */
static void entry_release(struct client_dir *dir, struct client_dir_entry *e)
{
    bool needed = e->present || e->own || e->in_flight > 0 || e->doubtful ||
                  (e->told && dir->state == CLIENT_DIR_FILLING);

    if (!needed)
        entry_free(dir, e);
}

static void entry_doubt(struct client_dir *dir, struct client_dir_entry *e)
{
    if (e->doubtful)
        return;
    e->doubtful = true;
    list_push_back(&dir->doubts, &e->doubt);
}

static void entry_set_own(struct client_dir *dir, struct client_dir_entry *e, bool own,
                          uint64_t before)
{
    if (own != e->own)
        dir->own_count += own ? 1 : -1u;
    e->own = own;
    e->own_before = before;
}

/* What points into the arena is not valid afterwards.  False: they are malformed. */
static bool attrs_decode(const struct fattr4 *in, struct nfs4_attrs *attrs)
{
    struct arena arena;
    bool ok;

    *attrs = (struct nfs4_attrs){0};
    arena_init(&arena, 512);
    ok = fattr_decode(in, attrs, &arena);
    arena_fini(&arena);
    return ok;
}

/* Take what an fattr4 has of the attributes that are kept.  False: it is malformed. */
static bool entry_set_attrs(const struct client_dir *dir, struct client_dir_entry *e,
                            const struct fattr4 *in)
{
    const struct bitmap4 kept = client_dir_entry_attrs();
    bool changes_told = bitmap4_isset(&dir->types, NOTIFY4_CHANGE_CHILD_ATTRS);
    struct nfs4_attrs attrs;

    if (!attrs_decode(in, &attrs))
        return false;
    for (uint32_t bit = 0; bit < 64; bit++)
        if (bitmap4_isset(&in->attrmask, bit) && bitmap4_isset(&kept, bit) &&
            (changes_told || bit == FATTR4_TYPE || bit == FATTR4_FILEID))
            bitmap4_set(&e->known, bit);
    if (bitmap4_isset(&in->attrmask, FATTR4_TYPE))
        e->type = attrs.type;
    if (bitmap4_isset(&in->attrmask, FATTR4_FILEID))
        e->fileid = attrs.fileid;
    if (bitmap4_isset(&in->attrmask, FATTR4_CHANGE))
        e->change = attrs.change;
    if (bitmap4_isset(&in->attrmask, FATTR4_SIZE))
        e->size = attrs.size;
    return true;
}

static bool visit_free(struct hnode *node, void *arg)
{
    entry_free(arg, CONTAINER_OF(node, struct client_dir_entry, node));
    return true;
}

static void entries_clear(struct client_dir *dir)
{
    htable_visit(&dir->entries, visit_free, dir);
    dir->count = 0;
    dir->own_count = 0;
}

/* ---- the whole ---- */

void client_dir_init(struct client_dir *dir, const struct client_fh *fh)
{
    memset(dir, 0, sizeof(*dir));
    dir->fh = *fh;
    htable_init(&dir->entries, 0);
    list_init(&dir->doubts);
    list_init(&dir->link);
}

void client_dir_fini(struct client_dir *dir)
{
    entries_clear(dir);
    htable_fini(&dir->entries);
    list_remove(&dir->link);
}

void client_dir_lose(struct client_dir *dir, enum client_dir_loss why)
{
    if (dir->state != CLIENT_DIR_FILLING && dir->state != CLIENT_DIR_VALID)
        return;
    dir->state = CLIENT_DIR_LOST;
    dir->loss = why;
}

/* ---- filling ---- */

void client_dir_fill_begin(struct client_dir *dir, const struct GET_DIR_DELEGATION4resok *granted)
{
    entries_clear(dir);
    dir->state = CLIENT_DIR_FILLING;
    dir->stateid = granted->gddr_stateid;
    dir->types = granted->gddr_notification;
    dir->change_known = false;
    dir->has_attrs = false;
}

bool client_dir_fill_entry(struct client_dir *dir, const struct entry4 *entry)
{
    struct client_dir_entry *e;

    if (dir->state != CLIENT_DIR_FILLING)
        return false;
    e = entry_get(dir, &entry->name);
    if (!e)
        return false;
    if (e->told)
        return true;
    entry_set_present(dir, e, true);
    e->has_cookie = true;
    e->cookie = entry->cookie;
    if (!entry_set_attrs(dir, e, &entry->attrs)) {
        client_dir_lose(dir, CLIENT_DIR_MALFORMED);
        return false;
    }
    return true;
}

static bool visit_filled(struct hnode *node, void *arg)
{
    struct client_dir_entry *e = CONTAINER_OF(node, struct client_dir_entry, node);

    e->told = false;
    entry_release(arg, e);
    return true;
}

void client_dir_fill_end(struct client_dir *dir, uint64_t before, uint64_t after)
{
    if (dir->state != CLIENT_DIR_FILLING)
        return;
    dir->state = CLIENT_DIR_VALID;
    htable_visit(&dir->entries, visit_filled, dir);
    if (before == after && !(dir->change_known && dir->change > after)) {
        dir->change_known = true;
        dir->change = after;
    }
}

/* ---- notifications ---- */

/* May a notification be applied to the entry?  Not if it may be older than a change of our own. */
static bool in_order(struct client_dir *dir, struct client_dir_entry *e)
{
    e->told = true;
    if (!e->own || e->in_flight > 0)
        return true;
    if (dir->change_known && dir->change >= e->own_before) {
        entry_set_own(dir, e, false, 0);
        return true;
    }
    entry_doubt(dir, e);
    return false;
}

static void told_gone(struct client_dir *dir, const struct wire_opaque *name)
{
    struct client_dir_entry *e = entry_get(dir, name);

    if (!e)
        return;
    if (in_order(dir, e)) {
        dir->unknown += !e->present;
        entry_set_present(dir, e, false);
    }
    entry_release(dir, e);
}

static bool told_come(struct client_dir *dir, const struct notify_add4 *add)
{
    struct client_dir_entry *e;

    if (add->nad_old_entry_count > 0)
        told_gone(dir, &add->nad_old_entry[0].nrm_old_entry.ne_file);
    e = entry_get(dir, &add->nad_new_entry.ne_file);
    if (!e || !in_order(dir, e))
        return true;
    dir->repeated += e->present;
    entry_set_present(dir, e, true);
    if (add->nad_new_entry_cookie_count > 0) {
        e->has_cookie = true;
        e->cookie = add->nad_new_entry_cookie[0];
    }
    return entry_set_attrs(dir, e, &add->nad_new_entry.ne_attrs);
}

static bool told_rename(struct client_dir *dir, const struct notify_rename4 *rename)
{
    told_gone(dir, &rename->nrn_old_entry.nrm_old_entry.ne_file);
    return told_come(dir, &rename->nrn_new_entry);
}

/* Attributes of a child that is not known to be there.  While the directory is read, its entry may
 * be on its way, with older ones. */
static void told_of_absent(struct client_dir *dir, const struct wire_opaque *name,
                           struct client_dir_entry *e)
{
    if (dir->state != CLIENT_DIR_FILLING) {
        dir->unknown += !e || e->in_flight == 0;
        return;
    }
    e = entry_get(dir, name);
    if (!e)
        return;
    e->told = true;
    entry_doubt(dir, e);
}

/* They may be of a file that had the name before an own change: the change does not wait until they
 * are told.  Only the file ID says whose they are.  What is on its way may be older than they. */
static bool told_child_attrs(struct client_dir *dir, const struct notify_entry4 *changed)
{
    struct client_dir_entry *e = entry_lookup(dir, &changed->ne_file);
    struct nfs4_attrs attrs;

    if (!attrs_decode(&changed->ne_attrs, &attrs))
        return false;
    if (e && e->in_flight > 0)
        e->told = true;
    if (!e || !e->present) {
        told_of_absent(dir, &changed->ne_file, e);
    } else if (!bitmap4_isset(&e->known, FATTR4_FILEID) ||
               !bitmap4_isset(&changed->ne_attrs.attrmask, FATTR4_FILEID)) {
        entry_doubt(dir, e);
    } else if (e->fileid == attrs.fileid) {
        return entry_set_attrs(dir, e, &changed->ne_attrs);
    }
    return true;
}

static bool told_dir_attrs(struct client_dir *dir, const struct fattr4 *in)
{
    struct nfs4_attrs attrs;

    if (!attrs_decode(in, &attrs))
        return false;
    dir->has_attrs = true;
    dir->attrs = attrs;
    if (bitmap4_isset(&in->attrmask, FATTR4_CHANGE) &&
        !(dir->change_known && dir->change > attrs.change)) {
        dir->change_known = true;
        dir->change = attrs.change;
    }
    return true;
}

static bool visit_forget_cookie(struct hnode *node, void *arg)
{
    (void)arg;
    CONTAINER_OF(node, struct client_dir_entry, node)->has_cookie = false;
    return true;
}

static bool told(struct client_dir *dir, const struct notify_event *event)
{
    dir->told[event->type]++;
    switch (event->type) {
    case NOTIFY4_CHANGE_CHILD_ATTRS:
        return told_child_attrs(dir, &event->attr.na_changed_entry);
    case NOTIFY4_CHANGE_DIR_ATTRS:
        return told_dir_attrs(dir, &event->attr.na_changed_entry.ne_attrs);
    case NOTIFY4_REMOVE_ENTRY:
        told_gone(dir, &event->remove.nrm_old_entry.ne_file);
        return true;
    case NOTIFY4_ADD_ENTRY:
        return told_come(dir, &event->add);
    case NOTIFY4_RENAME_ENTRY:
        return told_rename(dir, &event->rename);
    case NOTIFY4_CHANGE_COOKIE_VERIFIER:
        htable_visit(&dir->entries, visit_forget_cookie, NULL);
        return true;
    case NOTIFY4_GFLAG_EXTEND:
    case NOTIFY4_CFLAG_ORDER:
        break;
    }
    return false;
}

static bool told_all(struct client_dir *dir, const struct notify4 *change, struct arena *arena)
{
    struct notify_events events;

    if (!notify_decode(change, &events, arena))
        return false;
    for (uint32_t i = 0; i < events.count; i++) {
        if (!told(dir, &events.events[i]))
            return false;
        if (dir->watch)
            dir->watch(dir, &events.events[i], dir->context);
    }
    return true;
}

enum nfsstat4 client_dir_notify(struct client_dir *dir, const struct CB_NOTIFY4args *args,
                                struct arena *arena)
{
    for (uint32_t i = 0; i < args->cna_changes_count; i++) {
        if (told_all(dir, &args->cna_changes[i], arena))
            continue;
        client_dir_lose(dir, CLIENT_DIR_MALFORMED);
        return NFS4ERR_BADXDR;
    }
    return NFS4_OK;
}

/* ---- own changes ---- */

static struct client_dir_entry *flight_begin(struct client_dir *dir, const char *name)
{
    struct wire_opaque text = client_text(name);
    struct client_dir_entry *e = name ? entry_get(dir, &text) : NULL;

    if (!e)
        return NULL;
    if (e->in_flight++ == 0)
        e->told = false;
    return e;
}

/* The entry of which an own change ends; NULL: it began before the fill. */
static struct client_dir_entry *flight_end(struct client_dir *dir, const char *name)
{
    struct wire_opaque text = client_text(name);
    struct client_dir_entry *e = name ? entry_lookup(dir, &text) : NULL;

    if (!e || e->in_flight == 0)
        return NULL;
    e->in_flight--;
    return e;
}

void client_dir_change_begin(struct client_dir *dir, const struct client_dir_change *change)
{
    if (dir->state != CLIENT_DIR_VALID)
        return;
    (void)flight_begin(dir, change->gone);
    (void)flight_begin(dir, change->come);
}

static bool visit_sort_out(struct hnode *node, void *arg)
{
    struct client_dir_entry *e = CONTAINER_OF(node, struct client_dir_entry, node);
    struct client_dir *dir = arg;

    if (e->own && dir->change_known && dir->change >= e->own_before) {
        entry_set_own(dir, e, false, 0);
        entry_release(dir, e);
    }
    return true;
}

/* An own change of the entry is known; `clear`: and how it stands to what was told. */
static void own_apply(struct client_dir *dir, struct client_dir_entry *e, bool present,
                      uint64_t before, bool clear)
{
    if (!e)
        return;
    entry_set_present(dir, e, present);
    entry_set_own(dir, e, !clear, before);
    if (e->told)
        entry_doubt(dir, e);
}

/* Meanwhile all that was told of the entry was applied. */
static void flight_over(struct client_dir *dir, struct client_dir_entry *e, bool failed)
{
    if (!e)
        return;
    if (failed && e->told && e->own)
        entry_doubt(dir, e);
    entry_release(dir, e);
}

/* The known attributes of one entry become those of another one. */
static void attrs_move(const struct client_dir_entry *from, struct client_dir_entry *to)
{
    to->known = from->known;
    to->type = from->type;
    to->fileid = from->fileid;
    to->change = from->change;
    to->size = from->size;
}

static void own_names_limit(struct client_dir *dir)
{
    if (dir->own_count <= CLIENT_DIR_OWN_NAMES)
        return;
    htable_visit(&dir->entries, visit_sort_out, dir);
    if (dir->own_count > CLIENT_DIR_OWN_NAMES / 2)
        client_dir_lose(dir, CLIENT_DIR_LIMIT);
}

void client_dir_change_end(struct client_dir *dir, const struct client_dir_change *change,
                           const struct change_info4 *cinfo)
{
    struct client_dir_entry *gone = flight_end(dir, change->gone);
    struct client_dir_entry *come = flight_end(dir, change->come);
    struct client_dir_entry moved = {0};
    uint64_t before = cinfo && cinfo->atomic ? cinfo->before : NEVER;
    bool clear = before != NEVER && dir->change_known && dir->change >= before;

    if (cinfo && (gone || come)) {
        if (clear && dir->change < cinfo->after)
            dir->change = cinfo->after;
        if (gone && clear && !gone->told)
            attrs_move(gone, &moved);
        own_apply(dir, gone, false, before, clear);
        own_apply(dir, come, true, before, clear);
        if (gone && come)
            attrs_move(&moved, come);
        /* A rename from one link of a file to another one changes nothing. */
        if (gone && come && cinfo->before == cinfo->after) {
            entry_doubt(dir, gone);
            entry_doubt(dir, come);
        }
    }
    flight_over(dir, gone, !cinfo);
    if (come != gone)
        flight_over(dir, come, !cinfo);
    own_names_limit(dir);
}

void client_dir_change_lost(struct client_dir *dir, const struct client_dir_change *change)
{
    struct client_dir_entry *entries[] = {flight_end(dir, change->gone),
                                          flight_end(dir, change->come)};

    for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
        if (!entries[i])
            continue;
        entry_set_own(dir, entries[i], true, NEVER);
        entry_doubt(dir, entries[i]);
    }
    own_names_limit(dir);
}

/* ---- doubts ---- */

struct client_dir_entry *client_dir_doubt(struct client_dir *dir)
{
    LIST_FOREACH (e, &dir->doubts, struct client_dir_entry, doubt)
        return e;
    return NULL;
}

void client_dir_doubt_begin(struct client_dir *dir, struct client_dir_entry *e)
{
    (void)dir;
    list_remove(&e->doubt);
    e->doubtful = false;
    if (e->in_flight++ == 0)
        e->told = false;
}

void client_dir_doubt_end(struct client_dir *dir, struct client_dir_entry *e, enum nfsstat4 status,
                          const struct fattr4 *attrs)
{
    e->in_flight--;
    if (e->told || (status != NFS4_OK && status != NFS4ERR_NOENT)) {
        entry_doubt(dir, e);
        return;
    }
    entry_set_present(dir, e, status == NFS4_OK);
    if (e->present && attrs && !entry_set_attrs(dir, e, attrs))
        client_dir_lose(dir, CLIENT_DIR_MALFORMED);
    entry_release(dir, e);
}

/* ---- reading ---- */

const struct client_dir_entry *client_dir_lookup(const struct client_dir *dir, const char *name)
{
    struct wire_opaque text = client_text(name);
    const struct client_dir_entry *e = entry_lookup(dir, &text);

    return e && e->present ? e : NULL;
}

struct visitor {
    bool (*visit)(const struct client_dir_entry *entry, void *context);
    void *context;
};

static bool visit_present(struct hnode *node, void *arg)
{
    const struct client_dir_entry *e = CONTAINER_OF(node, struct client_dir_entry, node);
    const struct visitor *visitor = arg;

    return !e->present || visitor->visit(e, visitor->context);
}

void client_dir_visit(const struct client_dir *dir,
                      bool (*visit)(const struct client_dir_entry *entry, void *context),
                      void *context)
{
    struct visitor visitor = {visit, context};

    htable_visit((struct htable *)&dir->entries, visit_present, &visitor);
}
