/* SPDX-License-Identifier: Apache-2.0 */
/* OPENATTR that creates a directory, and changes in it. */
#include "lost.h"

static void op_openattr(void)
{
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_OPENATTR, .opopenattr = {true}});
}

static void close_there(void)
{
    expect_status(client_file_close(&alice, &lost_file), NFS4_OK);
}

static struct client_fh attrdir_of_there(void)
{
    begin(&bob, &lost_file.fh);
    op_openattr();
    client_op_getfh(C);
    run(NFS4_OK);
    return result_fh();
}

static void expect_attribute(const char *name, bool there)
{
    struct client_fh attrdir = attrdir_of_there(), fh;

    expect_status(client_file_lookup_at(&bob, &attrdir, name, &fh),
                  there ? NFS4_OK : NFS4ERR_NOENT);
}

static void make_attribute(void)
{
    struct client_fh attrdir = attrdir_of_there();

    make_file(&bob, &attrdir, "attr");
}

static void remove_attribute(void)
{
    struct client_fh attrdir = attrdir_of_there();

    expect_status(client_file_remove(&bob, &attrdir, "attr"), NFS4_OK);
}

static void closed_with_attribute(void)
{
    close_there();
    make_attribute();
}

static void openattr_there(void)
{
    begin(&alice, &lost_file.fh);
    op_openattr();
}

static void there_removed(void)
{
    expect_status(client_file_remove(&bob, &lost_dir, "there"), NFS4_OK);
}

static void directory_gone(void)
{
    struct client_fh attrdir = result_fh();

    begin(&bob, &attrdir);
    run(NFS4ERR_STALE);
}

static struct client_owner owner; /* in minor version 0 */

/* In one compound, as clients do it. */
static void create_attribute(void)
{
    struct client_open how = {.clientid = client_mount_clientid(&alice),
                              .owner = "attribute",
                              .access = OPEN4_SHARE_ACCESS_BOTH,
                              .name = "attr",
                              .create = true,
                              .how = GUARDED4,
                              .mode = 0600};

    openattr_there();
    if (alice.v40) {
        client_owner_init(&owner, how.clientid, how.owner);
        client_owner_open(C, &owner, &how);
    } else {
        client_op_open(C, &how);
    }
}

static void confirm(struct client_file *file)
{
    begin(&alice, &file->fh);
    client_owner_open_confirm(C, &owner, &file->stateid);
    run(NFS4_OK);
    file->stateid = result(OP_OPEN_CONFIRM)->opopen_confirm.open_stateid;
}

static void created_once(void)
{
    struct client_file file = {.fh = result_fh(),
                               .stateid = result(OP_OPEN)->opopen.stateid,
                               .owner = alice.v40 ? &owner : NULL};

    assert_int_equal(file.stateid.seqid, 1);
    expect_attribute("attr", false);
    if (alice.v40)
        confirm(&file);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

static void remove_by_name(void)
{
    openattr_there();
    client_op_remove(C, "attr");
}

static void still_there(void)
{
    expect_attribute("attr", true);
}

static const struct lost rows[] = {
    {"OPENATTR that makes the directory", close_there, openattr_there, there_removed,
     directory_gone, NFS4_OK, false},
    {"OPENATTR and OPEN of a new attribute", close_there, create_attribute, remove_attribute,
     created_once, NFS4_OK, false},
    {"REMOVE of an attribute", closed_with_attribute, remove_by_name, make_attribute, still_there,
     NFS4_OK, false},
};

const struct lost_table lost_attributes = LOST_TABLE(rows);
