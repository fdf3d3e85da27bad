/* SPDX-License-Identifier: Apache-2.0 */
/* WRITE and SETATTR. */
#include "lost.h"

static void write_by_bob(void)
{
    uint32_t written;

    expect_status(client_file_write(&bob, &(struct client_file){.fh = lost_file.fh}, 0, FILE_SYNC4,
                                    "other", 5, &written),
                  NFS4_OK);
}

static void write_kept(void)
{
    char data[16];
    uint32_t got;
    bool eof;

    expect_status(client_file_read(&bob, &(struct client_file){.fh = lost_file.fh}, 0, data,
                                   sizeof(data), &got, &eof),
                  NFS4_OK);
    assert_int_equal(got, 5);
    assert_memory_equal(data, "other", 5);
}

static void write_file(void)
{
    begin(&alice, &lost_file.fh);
    client_op_write(C, &lost_file.stateid, 0, FILE_SYNC4, "first", 5);
}

static void write_unstable(void)
{
    begin(&alice, &lost_file.fh);
    client_op_write(C, &lost_file.stateid, 0, UNSTABLE4, "first", 5);
    client_op_commit(C, 0, 0);
}

static void set_by(struct client_mount *mount, struct bitmap4 bits, const struct nfs4_attrs *attrs)
{
    expect_status(client_file_setattr(mount, &lost_file.fh, bits, attrs), NFS4_OK);
}

static void set_mode(void)
{
    begin(&alice, &lost_file.fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                      &(struct nfs4_attrs){.mode = 0600});
}

static void mode_other(void)
{
    set_by(&bob, CLIENT_BITS(FATTR4_MODE), &(struct nfs4_attrs){.mode = 0640});
}

static void mode_kept(void)
{
    assert_int_equal(attrs_of(&bob, &lost_file.fh, CLIENT_BITS(FATTR4_MODE)).mode, 0640);
}

static void set_size(void)
{
    begin(&alice, &lost_file.fh);
    client_op_setattr(C, &lost_file.stateid, CLIENT_BITS(FATTR4_SIZE),
                      &(struct nfs4_attrs){.size = 2});
}

/* Set to the server's clock, which would differ at the retry. */
static void set_time(void)
{
    begin(&alice, &lost_file.fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_TIME_MODIFY_SET),
                      &(struct nfs4_attrs){.time_modify_set = {.set_it = SET_TO_SERVER_TIME4}});
}

static void time_other(void)
{
    set_by(&bob, CLIENT_BITS(FATTR4_TIME_MODIFY_SET),
           &(struct nfs4_attrs){
               .time_modify_set = {.set_it = SET_TO_CLIENT_TIME4, .time = {1000, 0}}});
}

static void time_kept(void)
{
    struct nfs4_attrs attrs = attrs_of(&bob, &lost_file.fh, CLIENT_BITS(FATTR4_TIME_MODIFY));

    assert_int_equal(attrs.time_modify.seconds, 1000);
}

static const struct lost rows[] = {
    {"WRITE", NULL, write_file, write_by_bob, write_kept, NFS4_OK, false},
    {"WRITE and COMMIT", NULL, write_unstable, write_by_bob, write_kept, NFS4_OK, false},
    {"SETATTR of the mode", NULL, set_mode, mode_other, mode_kept, NFS4_OK, false},
    {"SETATTR of the size", NULL, set_size, write_by_bob, write_kept, NFS4_OK, false},
    {"SETATTR of a time", NULL, set_time, time_other, time_kept, NFS4_OK, false},
};

const struct lost_table lost_data = LOST_TABLE(rows);
