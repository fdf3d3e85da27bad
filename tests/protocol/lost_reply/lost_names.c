/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE of every type, REMOVE, RENAME, LINK, and their errors. */
#include "lost.h"

static void create_device(enum nfs_ftype4 type)
{
    uint8_t values[4];
    struct nfs_argop4 op = {
        .argop = OP_CREATE,
        .opcreate = {.objname = client_text("new"), .createattrs = client_fattr_mode(0600, values)},
    };

    op.opcreate.objtype.type = type;
    op.opcreate.objtype.devdata = (struct specdata4){1, 3};
    begin(&alice, &lost_dir);
    client_compound_add(C, &op);
}

static void create_type(enum nfs_ftype4 type)
{
    begin(&alice, &lost_dir);
    client_op_create(C, "new", type, "where", 0700);
}

static void create_dir(void)
{
    create_type(NF4DIR);
}

static void create_link(void)
{
    create_type(NF4LNK);
}

static void create_socket(void)
{
    create_type(NF4SOCK);
}

static void create_fifo(void)
{
    create_type(NF4FIFO);
}

static void create_block(void)
{
    create_device(NF4BLK);
}

static void create_character(void)
{
    create_device(NF4CHR);
}

/* The new object is renamed before the retry arrives, which must not create it again. */
static void new_moved(void)
{
    begin_two(&bob, &lost_dir, &lost_dir);
    client_op_rename(C, "new", "moved");
    run(NFS4_OK);
}

static void not_made_anew(void)
{
    lost_expect_name("new", false);
    lost_expect_name("moved", true);
}

static void new_made(void)
{
    make_file(&bob, &lost_dir, "new");
}

static void new_removed(void)
{
    expect_status(client_file_remove(&bob, &lost_dir, "new"), NFS4_OK);
}

static void none_new(void)
{
    lost_expect_name("new", false);
}

static void new_there(void)
{
    lost_expect_name("new", true);
}

static void close_there(void)
{
    expect_status(client_file_close(&alice, &lost_file), NFS4_OK);
}

static void remove_there(void)
{
    begin(&alice, &lost_dir);
    client_op_remove(C, "there");
}

static void remove_new(void)
{
    begin(&alice, &lost_dir);
    client_op_remove(C, "new");
}

static void rename_there(void)
{
    begin_two(&alice, &lost_dir, &lost_dir);
    client_op_rename(C, "there", "elsewhere");
}

/* The name is used again before the retry arrives, which must leave the new object alone. */
static void there_again(void)
{
    make_file(&bob, &lost_dir, "there");
}

static void still_there(void)
{
    lost_expect_name("there", true);
}

static void link_there(void)
{
    begin_two(&alice, &lost_file.fh, &lost_dir);
    client_op_link(C, "new");
}

static void not_linked_anew(void)
{
    struct nfs4_attrs attrs = attrs_of(&bob, &lost_file.fh, CLIENT_BITS(FATTR4_NUMLINKS));

    assert_int_equal(attrs.numlinks, 1);
    lost_expect_name("new", false);
}

static const struct lost rows[] = {
    {"CREATE of a directory", NULL, create_dir, new_moved, not_made_anew, NFS4_OK, false},
    {"CREATE of a symbolic link", NULL, create_link, new_moved, not_made_anew, NFS4_OK, false},
    {"CREATE of a socket", NULL, create_socket, new_moved, not_made_anew, NFS4_OK, false},
    {"CREATE of a fifo", NULL, create_fifo, new_moved, not_made_anew, NFS4_OK, false},
    {"CREATE of a block device", NULL, create_block, new_moved, not_made_anew, NFS4_OK, true},
    {"CREATE of a character device", NULL, create_character, new_moved, not_made_anew, NFS4_OK,
     true},
    {"CREATE of what is there", new_made, create_dir, new_removed, none_new, NFS4ERR_EXIST, false},
    {"REMOVE", close_there, remove_there, there_again, still_there, NFS4_OK, false},
    {"REMOVE of what is not there", NULL, remove_new, new_made, new_there, NFS4ERR_NOENT, false},
    {"RENAME", close_there, rename_there, there_again, still_there, NFS4_OK, false},
    {"LINK", NULL, link_there, new_removed, not_linked_anew, NFS4_OK, false},
};

const struct lost_table lost_names = LOST_TABLE(rows);
