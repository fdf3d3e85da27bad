/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Minor version 0: compounds with an operation in an owner's sequence and another outside it. The
 * whole reply is cached, so the owner may even have sent its next request when the retry arrives.
 */
#include "lost.h"

static uint32_t went_on;

static void op_open_new(void)
{
    client_owner_open(C, lost_file.owner,
                      &(struct client_open){.access = OPEN4_SHARE_ACCESS_BOTH,
                                            .name = "new",
                                            .create = true,
                                            .how = GUARDED4,
                                            .mode = 0600});
}

static void open_and_create(void)
{
    begin(&alice, &lost_dir);
    op_open_new();
    client_op_putfh(C, &lost_dir);
    client_op_create(C, "sub", NF4DIR, NULL, 0700);
}

static void create_and_open(void)
{
    begin(&alice, &lost_dir);
    client_op_create(C, "sub", NF4DIR, NULL, 0700);
    client_op_putfh(C, &lost_dir);
    op_open_new();
}

static void close_and_remove(void)
{
    begin(&alice, &lost_file.fh);
    client_owner_close(C, lost_file.owner, &lost_file.stateid);
    client_op_putfh(C, &lost_dir);
    client_op_remove(C, "there");
}

/* The new object is renamed, and the owner sends another request. */
static void moved_and_went_on(void)
{
    struct client_open how = {
        .owner = lost_file.owner->name, .access = OPEN4_SHARE_ACCESS_READ, .name = "moved"};
    struct client_file file;

    begin_two(&bob, &lost_dir, &lost_dir);
    client_op_rename(C, "new", "moved");
    client_op_rename(C, "sub", "moved sub");
    run(NFS4_OK);
    expect_status(client_file_open(&alice, &lost_dir, &how, &file), NFS4_OK);
    went_on = lost_file.owner->seqid;
}

static void done_once(void)
{
    lost_file.owner->seqid = went_on;
    lost_expect_name("new", false);
    lost_expect_name("sub", false);
    begin(&alice, &lost_file.fh);
    client_owner_close(C, lost_file.owner, &lost_file.stateid);
    run(NFS4_OK);
}

static void there_again(void)
{
    make_file(&alice, &lost_dir, "there");
    went_on = lost_file.owner->seqid;
}

static void still_there(void)
{
    lost_file.owner->seqid = went_on;
    lost_expect_name("there", true);
    make_file(&alice, &lost_dir, "more");
}

static const struct lost rows[] = {
    {"OPEN and CREATE", NULL, open_and_create, moved_and_went_on, done_once, NFS4_OK, false},
    {"CREATE and OPEN", NULL, create_and_open, moved_and_went_on, done_once, NFS4_OK, false},
    {"CLOSE and REMOVE", NULL, close_and_remove, there_again, still_there, NFS4_OK, false},
};

const struct lost_table lost_mixed_v40 = LOST_TABLE(rows);
