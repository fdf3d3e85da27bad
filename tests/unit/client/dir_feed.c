/* SPDX-License-Identifier: Apache-2.0 */
#include "dir_feed.h"

#include <string.h>

/* Attribute values live until the event is encoded. */
struct values {
    uint8_t bytes[64];
    struct fattr4 fattr;
};

static struct fattr4 *encode(struct values *v, struct bitmap4 bits, const struct nfs4_attrs *attrs)
{
    struct xdr x;

    xdr_init_encode(&x, v->bytes, sizeof(v->bytes));
    for (uint32_t bit = 0; bit < 64; bit++)
        if (bitmap4_isset(&bits, bit))
            CHECK(fattr_value(&x, (struct nfs4_attrs *)attrs, bit));
    v->fattr = (struct fattr4){bits, {v->bytes, (uint32_t)xdr_pos(&x)}};
    return &v->fattr;
}

static struct fattr4 *of_file(struct values *v, uint64_t fileid)
{
    const struct nfs4_attrs attrs = {.type = NF4REG, .fileid = fileid, .size = 7};

    if (fileid == 0)
        return encode(v, (struct bitmap4){0}, &attrs);
    return encode(v, CLIENT_BITS(FATTR4_TYPE, FATTR4_SIZE, FATTR4_FILEID), &attrs);
}

void dir_feed_init(struct dir_feed *feed)
{
    xdr_init_encode(&feed->x, feed->bytes, sizeof(feed->bytes));
    feed->count = 0;
}

static void put(struct dir_feed *feed, struct notify_event event)
{
    CHECK(notify_encode(&feed->x, &event));
    feed->count++;
}

void dir_feed_come(struct dir_feed *feed, const char *name, uint64_t fileid, uint64_t cookie,
                   bool replaced)
{
    struct notify_remove4 old = {.nrm_old_entry.ne_file = client_text(name)};
    struct values v;

    put(feed, (struct notify_event){
                  .type = NOTIFY4_ADD_ENTRY,
                  .add = {.nad_old_entry = &old,
                          .nad_old_entry_count = replaced,
                          .nad_new_entry = {client_text(name), *of_file(&v, fileid)},
                          .nad_new_entry_cookie = &cookie,
                          .nad_new_entry_cookie_count = cookie != 0},
              });
}

void dir_feed_gone(struct dir_feed *feed, const char *name)
{
    put(feed, (struct notify_event){.type = NOTIFY4_REMOVE_ENTRY,
                                    .remove.nrm_old_entry.ne_file = client_text(name)});
}

void dir_feed_rename(struct dir_feed *feed, const char *from, const char *to, uint64_t fileid,
                     bool replaced)
{
    struct notify_remove4 old = {.nrm_old_entry.ne_file = client_text(to)};
    struct values v;

    put(feed,
        (struct notify_event){
            .type = NOTIFY4_RENAME_ENTRY,
            .rename = {.nrn_old_entry.nrm_old_entry.ne_file = client_text(from),
                       .nrn_new_entry = {.nad_old_entry = &old,
                                         .nad_old_entry_count = replaced,
                                         .nad_new_entry = {client_text(to), *of_file(&v, fileid)}}},
        });
}

void dir_feed_child(struct dir_feed *feed, const char *name, uint64_t fileid, uint64_t size)
{
    const struct nfs4_attrs attrs = {.fileid = fileid, .size = size};
    struct bitmap4 bits = CLIENT_BITS(FATTR4_SIZE);
    struct values v;

    if (fileid != 0)
        bitmap4_set(&bits, FATTR4_FILEID);
    encode(&v, bits, &attrs);
    put(feed, (struct notify_event){.type = NOTIFY4_CHANGE_CHILD_ATTRS,
                                    .attr.na_changed_entry = {client_text(name), v.fattr}});
}

void dir_feed_change(struct dir_feed *feed, uint64_t change)
{
    const struct nfs4_attrs attrs = {.change = change};
    struct values v;

    encode(&v, CLIENT_BITS(FATTR4_CHANGE), &attrs);
    put(feed, (struct notify_event){.type = NOTIFY4_CHANGE_DIR_ATTRS,
                                    .attr.na_changed_entry.ne_attrs = v.fattr});
}

void dir_feed_verifier(struct dir_feed *feed)
{
    put(feed, (struct notify_event){.type = NOTIFY4_CHANGE_COOKIE_VERIFIER});
}

void dir_feed_raw(struct dir_feed *feed, uint32_t mask, const void *bytes, uint32_t len)
{
    struct notify4 change = {{.count = 1, .words = {mask}}, {bytes, len}};

    CHECK(wire_notify4(&feed->x, &change));
    feed->count++;
}

enum nfsstat4 dir_feed_send(struct dir_feed *feed, struct client_dir *dir)
{
    struct CB_NOTIFY4args args = {.cna_stateid = dir->stateid};
    enum nfsstat4 status;
    struct arena arena;
    struct xdr x;

    arena_init(&arena, 4096);
    xdr_init_decode(&x, feed->bytes, xdr_pos(&feed->x), &arena);
    args.cna_changes = arena_zalloc(&arena, (feed->count + 1) * sizeof(*args.cna_changes));
    args.cna_changes_count = feed->count;
    for (uint32_t i = 0; i < feed->count; i++)
        CHECK(wire_notify4(&x, &args.cna_changes[i]));
    status = client_dir_notify(dir, &args, &arena);
    arena_fini(&arena);
    dir_feed_init(feed);
    return status;
}

void dir_feed_grant(struct client_dir *dir, bool child_attrs)
{
    struct GET_DIR_DELEGATION4resok granted = {.gddr_stateid = {1, "delegated"}};

    for (uint32_t type = child_attrs ? 0 : 1; type < NOTIFY_TYPES; type++)
        bitmap4_set(&granted.gddr_notification, type);
    client_dir_fill_begin(dir, &granted);
}

bool dir_feed_read(struct client_dir *dir, const char *name, uint64_t fileid, uint64_t cookie)
{
    struct values v;
    struct entry4 entry = {.cookie = cookie, .name = client_text(name)};

    entry.attrs = *of_file(&v, fileid);
    return client_dir_fill_entry(dir, &entry);
}
