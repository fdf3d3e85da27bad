/* SPDX-License-Identifier: Apache-2.0 */
#include "dir_deeds.h"

#include <string.h>

/* ---- places ---- */

static struct client_fh dir_make(const char *export, const char *name)
{
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op_lookup(C, export + 1);
    client_op_create(C, name, NF4DIR, NULL, 0777);
    client_op_getfh(C);
    run(NFS4_OK);
    return result_fh();
}

static struct client_fh dir_look(const char *export, const char *name)
{
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op_lookup(C, export + 1);
    client_op_lookup(C, name);
    client_op_getfh(C);
    run(NFS4_OK);
    return result_fh();
}

static void content_make(struct place *place)
{
    place->file = make_file(&alice, &place->dir, "file");
    (void)make_file(&alice, &place->dir, "other");
    (void)make_file(&alice, &place->away, "far");
    begin_two(&alice, &place->file, &place->dir);
    client_op_link(C, "twin");
    client_op_create(C, "empty", NF4DIR, NULL, 0777);
    client_op_putfh(C, &place->dir);
    client_op_create(C, "sub", NF4DIR, NULL, 0777);
    client_op_getfh(C);
    run(NFS4_OK);
    place->sub = result_fh();
}

struct place place_make(const char *export)
{
    static unsigned count;
    struct place place;

    (void)snprintf(place.name, sizeof(place.name), "place%u", count);
    (void)snprintf(place.far_name, sizeof(place.far_name), "away%u", count++);
    place.dir = dir_make(export, place.name);
    place.away = dir_make(export, place.far_name);
    content_make(&place);
    return place;
}

struct place place_through(const struct place *place, const char *export)
{
    struct place other = *place;

    other.dir = dir_look(export, place->name);
    other.away = dir_look(export, place->far_name);
    other.file = look(&alice, &other.dir, "file");
    other.sub = look(&alice, &other.dir, "sub");
    return other;
}

/* ---- changes of entries ---- */

static void create_dir(struct client_mount *by, const struct place *at)
{
    begin(by, &at->dir);
    client_op_create(C, "made", NF4DIR, NULL, 0755);
}

static void create_existing(struct client_mount *by, const struct place *at)
{
    begin(by, &at->dir);
    client_op_create(C, "sub", NF4DIR, NULL, 0755);
}

static void open_as(struct client_mount *by, const struct place *at, const char *name,
                    enum createmode4 mode)
{
    struct nfs_argop4 op = {
        .argop = OP_OPEN,
        .opopen = {.share_access = OPEN4_SHARE_ACCESS_READ,
                   .claim = {.claim = CLAIM_NULL, .file = client_text(name)},
                   .openhow = {.opentype = OPEN4_CREATE, .how = {.mode = mode}}}};

    if (!by->v40)
        op.opopen.share_access |= OPEN4_SHARE_ACCESS_WANT_NO_DELEG;
    begin(by, &at->dir);
    script_op_as(by, "opener", &op);
}

static void open_new(struct client_mount *by, const struct place *at)
{
    open_as(by, at, "new", UNCHECKED4);
}

static void open_new_guarded(struct client_mount *by, const struct place *at)
{
    open_as(by, at, "new", GUARDED4);
}

static void open_new_exclusive(struct client_mount *by, const struct place *at)
{
    open_as(by, at, "new", EXCLUSIVE4);
}

static void open_existing(struct client_mount *by, const struct place *at)
{
    open_as(by, at, "file", UNCHECKED4);
}

static void open_existing_guarded(struct client_mount *by, const struct place *at)
{
    open_as(by, at, "file", GUARDED4);
}

static void open_existing_exclusive(struct client_mount *by, const struct place *at)
{
    open_as(by, at, "file", EXCLUSIVE4);
}

static void remove_file(struct client_mount *by, const struct place *at)
{
    begin(by, &at->dir);
    client_op_remove(C, "file");
}

static void remove_sub(struct client_mount *by, const struct place *at)
{
    begin(by, &at->dir);
    client_op_remove(C, "sub");
}

static void remove_nothing(struct client_mount *by, const struct place *at)
{
    begin(by, &at->dir);
    client_op_remove(C, "nothing");
}

static void rename_nothing(struct client_mount *by, const struct place *at)
{
    begin_two(by, &at->dir, &at->dir);
    client_op_rename(C, "nothing", "file");
}

static void rename_within(struct client_mount *by, const struct place *at)
{
    begin_two(by, &at->dir, &at->dir);
    client_op_rename(C, "file", "renamed");
}

static void rename_over(struct client_mount *by, const struct place *at)
{
    begin_two(by, &at->dir, &at->dir);
    client_op_rename(C, "file", "other");
}

static void rename_out(struct client_mount *by, const struct place *at)
{
    begin_two(by, &at->dir, &at->away);
    client_op_rename(C, "file", "here");
}

static void rename_out_over(struct client_mount *by, const struct place *at)
{
    begin_two(by, &at->dir, &at->away);
    client_op_rename(C, "file", "far");
}

static void rename_in(struct client_mount *by, const struct place *at)
{
    begin_two(by, &at->away, &at->dir);
    client_op_rename(C, "far", "near");
}

static void rename_in_over(struct client_mount *by, const struct place *at)
{
    begin_two(by, &at->away, &at->dir);
    client_op_rename(C, "far", "file");
}

static void rename_to_twin(struct client_mount *by, const struct place *at)
{
    begin_two(by, &at->dir, &at->dir);
    client_op_rename(C, "file", "twin");
}

static void rename_sub(struct client_mount *by, const struct place *at)
{
    begin_two(by, &at->dir, &at->dir);
    client_op_rename(C, "sub", "moved");
}

static void move_sub(struct client_mount *by, const struct place *at)
{
    begin_two(by, &at->dir, &at->away);
    client_op_rename(C, "sub", "moved");
}

static void replace_sub(struct client_mount *by, const struct place *at)
{
    begin_two(by, &at->dir, &at->dir);
    client_op_rename(C, "empty", "sub");
}

static void link_in(struct client_mount *by, const struct place *at)
{
    begin_two(by, &at->file, &at->dir);
    client_op_link(C, "linked");
}

static void link_existing(struct client_mount *by, const struct place *at)
{
    begin_two(by, &at->file, &at->dir);
    client_op_link(C, "other");
}

/* ---- attributes ---- */

static void chmod_of(struct client_mount *by, const struct client_fh *fh)
{
    begin(by, fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                      &(struct nfs4_attrs){.mode = 0755});
}

static void chmod_dir(struct client_mount *by, const struct place *at)
{
    chmod_of(by, &at->dir);
}

static void chmod_file(struct client_mount *by, const struct place *at)
{
    chmod_of(by, &at->file);
}

static void set_acl(struct client_mount *by, const struct place *at)
{
    struct nfsace4 ace = {.type = ACE4_ACCESS_ALLOWED_ACE_TYPE,
                          .access_mask = ACE4_READ_DATA | ACE4_EXECUTE,
                          .who = client_text("EVERYONE@")};

    begin(by, &at->dir);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_ACL),
                      &(struct nfs4_attrs){.acl = &ace, .acl_count = 1});
}

static void openattr(struct client_mount *by, const struct place *at)
{
    begin(by, &at->dir);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_OPENATTR, .opopenattr = {.createdir = true}});
}

/* ---- what does not change it ---- */

static void write_file(struct client_mount *by, const struct place *at)
{
    begin(by, &at->file);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "x", 1);
}

static void change_below(struct client_mount *by, const struct place *at)
{
    begin(by, &at->sub);
    client_op_create(C, "deep", NF4DIR, NULL, 0755);
}

static void look_at(struct client_mount *by, const struct place *at)
{
    static const uint8_t verifier[NFS4_VERIFIER_SIZE];

    begin(by, &at->dir);
    client_op_getattr(C, CLIENT_BITS(FATTR4_CHANGE));
    client_op_readdir(C, 0, verifier, 4096, CLIENT_BITS(FATTR4_FILEID));
    client_op_lookup(C, "file");
}

const struct deed deeds[] = {
    {"CREATE", OF_DIR, RECALLED, STAYS, NFS4_OK, create_dir, "add made"},
    {"CREATE, the name exists", OF_DIR, STAYS, STAYS, NFS4ERR_EXIST, create_existing, NULL},
    {"OPEN, UNCHECKED4, new", OF_DIR, RECALLED, STAYS, NFS4_OK, open_new, "add new"},
    {"OPEN, GUARDED4, new", OF_DIR, RECALLED, STAYS, NFS4_OK, open_new_guarded, "add new"},
    {"OPEN, EXCLUSIVE4, new", OF_DIR, RECALLED, STAYS, NFS4_OK, open_new_exclusive, "add new"},
    {"OPEN, UNCHECKED4, existing", OF_DIR, STAYS, STAYS, NFS4_OK, open_existing, NULL},
    {"OPEN, GUARDED4, existing", OF_DIR, STAYS, STAYS, NFS4ERR_EXIST, open_existing_guarded, NULL},
    {"OPEN, EXCLUSIVE4, existing", OF_DIR, STAYS, STAYS, NFS4ERR_EXIST, open_existing_exclusive,
     NULL},
    {"REMOVE of a file", OF_DIR, RECALLED, STAYS, NFS4_OK, remove_file, "remove file"},
    {"REMOVE of a directory", OF_DIR, RECALLED, STAYS, NFS4_OK, remove_sub, "remove sub"},
    {"REMOVE of a name that does not exist", OF_DIR, STAYS, STAYS, NFS4ERR_NOENT, remove_nothing,
     NULL},
    {"RENAME of a name that does not exist", OF_DIR, STAYS, STAYS, NFS4ERR_NOENT, rename_nothing,
     NULL},
    {"RENAME within", OF_DIR, RECALLED, STAYS, NFS4_OK, rename_within, "rename file renamed"},
    {"RENAME within, over another file", OF_DIR, RECALLED, STAYS, NFS4_OK, rename_over,
     "rename file other over"},
    {"RENAME to another name of the same file", OF_DIR, STAYS, STAYS, NFS4_OK, rename_to_twin,
     NULL},
    {"RENAME out of it", OF_DIR, RECALLED, STAYS, NFS4_OK, rename_out, "remove file"},
    {"RENAME out of it, over another file", OF_DIR, RECALLED, STAYS, NFS4_OK, rename_out_over,
     "remove file"},
    {"RENAME into it", OF_DIR, RECALLED, STAYS, NFS4_OK, rename_in, "add near"},
    {"RENAME into it, over another file", OF_DIR, RECALLED, STAYS, NFS4_OK, rename_in_over,
     "add file over"},
    {"LINK", OF_DIR, RECALLED, STAYS, NFS4_OK, link_in, "add linked"},
    {"LINK, the name exists", OF_DIR, STAYS, STAYS, NFS4ERR_EXIST, link_existing, NULL},
    {"SETATTR", OF_DIR, RECALLED, STAYS, NFS4_OK, chmod_dir, "dir"},
    {"SETATTR of the ACL", ON_MEM, RECALLED, STAYS, NFS4_OK, set_acl, "dir"},
    {"OPENATTR, the first", ON_MEM, RECALLED, STAYS, NFS4_OK, openattr, NULL},
    {"REMOVE of itself", OF_SUB, RECALLED, ENDS, NFS4_OK, remove_sub, NULL},
    {"RENAME over itself", OF_SUB, RECALLED, ENDS, NFS4_OK, replace_sub, NULL},
    {"RENAME of itself within its parent", OF_SUB, RECALLED, STAYS, NFS4_OK, rename_sub, NULL},
    {"RENAME of itself to another parent", OF_SUB, RECALLED, STAYS, NFS4_OK, move_sub, NULL},
    {"SETATTR of an entry", OF_DIR, STAYS, STAYS, NFS4_OK, chmod_file, NULL},
    {"WRITE to an entry", OF_DIR, STAYS, STAYS, NFS4_OK, write_file, NULL},
    {"CREATE in a subdirectory", OF_DIR, STAYS, STAYS, NFS4_OK, change_below, NULL},
    {"GETATTR, READDIR, LOOKUP", OF_DIR, STAYS, STAYS, NFS4_OK, look_at, NULL},
};

const size_t deed_count = ARRAY_SIZE(deeds);
