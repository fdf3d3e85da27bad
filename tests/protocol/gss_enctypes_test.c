/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each encryption type that is fit for use: those whose tokens the server makes by itself, and one
 * for which it asks the Kerberos library.  What tokens take around results differs among them.
 */
#include "gss.h"

static void enctype(void **state)
{
    static const enum client_sec secs[] = {CLIENT_SEC_KRB5, CLIENT_SEC_KRB5I, CLIENT_SEC_KRB5P};
    const char *const options[] = {"--enctypes", *state, NULL};

    assert_int_equal(gss_setup_with(options), 0);
    for (uint32_t i = 0; i < ARRAY_SIZE(secs); i++) {
        struct client_fh dir = script_dir(script_local);
        struct client_mount mount;

        gss_mount(&mount, "alice", secs[i], 1);
        gss_write_and_read(&mount, &dir, i);
        client_mount_close(&mount);
    }
    (void)gss_teardown(NULL);
}

int main(void)
{
    static char aes128[] = "aes128-cts-hmac-sha1-96", aes256_sha2[] = "aes256-cts-hmac-sha384-192",
                aes128_sha2[] = "aes128-cts-hmac-sha256-128", camellia[] = "camellia256-cts-cmac";
    const struct CMUnitTest tests[] = {
        {"aes128", enctype, NULL, NULL, aes128},
        {"aes256 sha2", enctype, NULL, NULL, aes256_sha2},
        {"aes128 sha2", enctype, NULL, NULL, aes128_sha2},
        {"camellia", enctype, NULL, NULL, camellia},
    };

    return test_group_run(tests);
}
