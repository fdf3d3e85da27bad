/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many calls at once by a few contexts of RPCSEC_GSS, over connections of several event loops: with
 * ThreadSanitizer, that the threads of the server share contexts and their table as they may.
 */
#include <string.h>

#include "gss.h"

enum {
    MOUNTS = 9,
    SLOTS = 16,
    ROUNDS = 12,
    FILE_BYTES = 32 << 10,
};

static const struct stateid4 anonymous;
static const enum client_sec secs[] = {CLIENT_SEC_KRB5, CLIENT_SEC_KRB5I, CLIENT_SEC_KRB5P};

static uint8_t data[FILE_BYTES];

static struct client_fh make_data(void)
{
    struct client_fh dir = script_dir(script_mem);
    struct client_file file = make_open(&alice, &dir, "data");
    uint32_t written;

    for (uint32_t i = 0; i < FILE_BYTES; i++)
        data[i] = (uint8_t)(i * 31 + i / 251);
    expect_status(client_file_write(&alice, &file, 0, FILE_SYNC4, data, FILE_BYTES, &written),
                  NFS4_OK);
    assert_int_equal(written, FILE_BYTES);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    return file.fh;
}

/* A READ on each slot. */
static void send_all(struct client_mount *mount, const struct client_fh *fh, uint32_t *xids)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct client_compound c;

        client_compound_begin_slot(&c, &mount->session, i, false);
        client_op_putfh(&c, fh);
        client_op_read(&c, &anonymous, i * 64, FILE_BYTES - i * 64);
        assert_int_equal(client_compound_send(&mount->conn, &c, &xids[i]), CLIENT_OK);
        mount->session.slots[i].seqid++;
        client_compound_free(&c);
    }
}

static void receive_all(struct client_mount *mount, const uint32_t *xids)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        const struct READ4resok *read;
        struct client_result r;

        assert_int_equal(client_result_receive(&mount->conn, xids[i], &r), CLIENT_OK);
        expect_status(r.status, NFS4_OK);
        assert_int_equal(r.reply.verf, CLIENT_VERF_GOOD);
        read = &client_result_lookup(&r, OP_READ)->opread;
        assert_int_equal(read->data.len, FILE_BYTES - i * 64);
        assert_memory_equal(read->data.data, data + i * 64, read->data.len);
        client_result_free(&r);
    }
}

/* Contexts come and go meanwhile. */
static void come_and_go(void)
{
    struct client_conn conn;
    struct client_gss *gss = gss_connect(&conn, "bob", RPC_GSS_SVC_NONE);

    gss_expect_null(&conn);
    assert_int_equal(client_gss_destroy(&conn, gss), CLIENT_OK);
    client_conn_close(&conn);
}

static void reads(void **state)
{
    static uint32_t xids[MOUNTS][SLOTS];
    struct client_mount mounts[MOUNTS];
    struct client_fh fh = make_data();

    (void)state;
    for (uint32_t i = 0; i < MOUNTS; i++) {
        if (i < 3)
            gss_mount(&mounts[i], i == 2 ? "bob" : "alice", secs[i], 1);
        else
            gss_mount_with(&mounts[i], mounts[i % 3].conn.gss, secs[i / 3]);
    }
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < MOUNTS; i++)
            send_all(&mounts[i], &fh, xids[i]);
        come_and_go();
        for (uint32_t i = 0; i < MOUNTS; i++)
            receive_all(&mounts[i], xids[i]);
    }
    for (uint32_t i = MOUNTS; i-- > 0;)
        client_mount_close(&mounts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
    };

    return test_group_run_fixtures(tests, gss_setup, gss_teardown);
}
