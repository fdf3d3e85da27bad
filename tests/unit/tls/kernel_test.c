/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that the kernel gets, and sockets that it does not take. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "lib/test.h"
#include "tls/tls_kernel.h"
#include "tls/tls_secret.h"

/* RFC 8448 3: server_application_traffic_secret_0 of the simple handshake. */
static const struct tls_secret secret_256 = {
    .bytes = {0xa1, 0x1a, 0xf9, 0xf0, 0x55, 0x31, 0xf8, 0x56, 0xad, 0x47, 0x11,
              0x6b, 0x45, 0xa9, 0x50, 0x32, 0x82, 0x04, 0xb4, 0xf4, 0x4b, 0xfb,
              0x6b, 0x3a, 0x4b, 0x4f, 0x1f, 0x3f, 0xcb, 0x63, 0x16, 0x43},
    .len = 32,
};

static void keys_of_rfc_8448(void **state)
{
    static const uint8_t key[] = {0x9f, 0x02, 0x28, 0x3b, 0x6c, 0x9c, 0x07, 0xef,
                                  0xc2, 0x6b, 0xb9, 0xf2, 0xac, 0x92, 0xe3, 0x56};
    static const uint8_t salt[] = {0xcf, 0x78, 0x2b, 0x88};
    static const uint8_t iv[] = {0xdd, 0x83, 0x54, 0x9a, 0xad, 0xf1, 0xe9, 0x84};
    static const uint8_t first[8] = {0};
    struct tls_kernel_keys keys;

    (void)state;
    assert_true(tls_kernel_keys_make(&keys, 0x1301, &secret_256));
    assert_int_equal(keys.size, sizeof(keys.info.aes128));
    assert_int_equal(keys.info.head.version, TLS_1_3_VERSION);
    assert_int_equal(keys.info.head.cipher_type, TLS_CIPHER_AES_GCM_128);
    assert_memory_equal(keys.info.aes128.key, key, sizeof(key));
    assert_memory_equal(keys.info.aes128.salt, salt, sizeof(salt));
    assert_memory_equal(keys.info.aes128.iv, iv, sizeof(iv));
    assert_memory_equal(keys.info.aes128.rec_seq, first, sizeof(first));
}

/* The RFC has no examples: these were computed by HMAC, step by step. */
static void keys_of_other_suites(void **state)
{
    static const uint8_t key_aes[] = {0x68, 0x77, 0xd0, 0x22, 0xf1, 0xc6, 0x1d, 0x24,
                                      0xeb, 0xb7, 0x48, 0x7c, 0x16, 0x75, 0x2d, 0x9a,
                                      0x47, 0x98, 0xe4, 0x04, 0x31, 0xc7, 0x5b, 0x39,
                                      0x32, 0x0e, 0x53, 0x7c, 0x90, 0xe2, 0x32, 0x25};
    static const uint8_t iv_aes[] = {0x42, 0x82, 0x25, 0x31, 0xa0, 0xfe,
                                     0x88, 0x64, 0x8f, 0xc0, 0x9e, 0x9f};
    static const uint8_t key_chacha[] = {0x84, 0x8e, 0x80, 0xab, 0x93, 0xef, 0xeb, 0x09,
                                         0xc5, 0x72, 0xc6, 0x68, 0x73, 0xc1, 0x84, 0xf9,
                                         0x92, 0x07, 0xc9, 0x5b, 0x0f, 0xc8, 0x17, 0xf9,
                                         0x1e, 0x8e, 0x7e, 0x8e, 0x14, 0xac, 0x5c, 0xa9};
    static const uint8_t iv_chacha[] = {0xcf, 0x78, 0x2b, 0x88, 0xdd, 0x83,
                                        0x54, 0x9a, 0xad, 0xf1, 0xe9, 0x84};
    struct tls_secret secret_384 = {.len = 48};
    struct tls_kernel_keys keys;

    (void)state;
    for (size_t i = 0; i < secret_384.len; i++)
        secret_384.bytes[i] = (uint8_t)i;
    assert_true(tls_kernel_keys_make(&keys, 0x1302, &secret_384));
    assert_int_equal(keys.size, sizeof(keys.info.aes256));
    assert_int_equal(keys.info.head.cipher_type, TLS_CIPHER_AES_GCM_256);
    assert_memory_equal(keys.info.aes256.key, key_aes, sizeof(key_aes));
    assert_memory_equal(keys.info.aes256.salt, iv_aes, 4);
    assert_memory_equal(keys.info.aes256.iv, iv_aes + 4, 8);

    assert_true(tls_kernel_keys_make(&keys, 0x1303, &secret_256));
    assert_int_equal(keys.size, sizeof(keys.info.chacha));
    assert_int_equal(keys.info.head.cipher_type, TLS_CIPHER_CHACHA20_POLY1305);
    assert_memory_equal(keys.info.chacha.key, key_chacha, sizeof(key_chacha));
    assert_memory_equal(keys.info.chacha.iv, iv_chacha, sizeof(iv_chacha));
}

static void no_keys(void **state)
{
    const struct tls_secret none = {.len = 0};
    struct tls_kernel_keys keys;

    (void)state;
    assert_false(tls_kernel_keys_make(&keys, 0x1301, &none));
    assert_false(tls_kernel_keys_make(&keys, 0x1300, &secret_256));
    assert_false(tls_kernel_keys_make(&keys, 0x1304, &secret_256));
    assert_false(tls_kernel_keys_make(&keys, 0xc02f, &secret_256)); /* of TLS 1.2 */
}

/* Lines of a key log: only the one of the server's traffic counts. */
static void a_secret_is_noted(void **state)
{
    static const char random[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    SSL_CTX *settings = SSL_CTX_new(TLS_server_method());
    SSL *ssl = SSL_new(settings);
    struct tls_secret secret = {.len = 0};
    char line[512];

    (void)state;
    assert_non_null(ssl);
    tls_secret_note(ssl, "SERVER_TRAFFIC_SECRET_0 00 ff"); /* nobody keeps it */
    tls_secret_keep(ssl, &secret);
    snprintf(line, sizeof(line), "CLIENT_TRAFFIC_SECRET_0 %s %s", random, random);
    tls_secret_note(ssl, line);
    snprintf(line, sizeof(line), "SERVER_HANDSHAKE_TRAFFIC_SECRET %s %s", random, random);
    tls_secret_note(ssl, line);
    assert_int_equal(secret.len, 0);
    snprintf(line, sizeof(line), "SERVER_TRAFFIC_SECRET_0 %s 09afAF90%s", random, random + 8);
    tls_secret_note(ssl, line);
    assert_int_equal(secret.len, 32);
    assert_memory_equal(secret.bytes, "\x09\xaf\xaf\x90\x44\x55", 6);
    snprintf(line, sizeof(line), "SERVER_TRAFFIC_SECRET_0 %s %s%s", random, random, random);
    tls_secret_note(ssl, line); /* longer than any digest of TLS 1.3 */
    assert_int_equal(secret.len, 32);
    tls_secret_forget(ssl, &secret);
    assert_int_equal(secret.len, 0);
    assert_int_equal(secret.bytes[0], 0);
    tls_secret_note(ssl, line);
    SSL_free(ssl);
    SSL_CTX_free(settings);
}

/* ---- sockets ---- */

static void expect_plain(int from, int to)
{
    char text[8] = {0};

    assert_int_equal(send(from, "plain", 5, MSG_NOSIGNAL), 5);
    assert_int_equal(recv(to, text, 5, MSG_WAITALL), 5);
    assert_string_equal(text, "plain");
}

/* What the kernel does not take sends as before. */
static void other_sockets(void **state)
{
    struct tls_kernel_keys keys;
    int pair[2];

    (void)state;
    assert_true(tls_kernel_keys_make(&keys, 0x1301, &secret_256));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_false(tls_kernel_send_begin(pair[0], &keys));
    expect_plain(pair[0], pair[1]);
    close(pair[0]);
    close(pair[1]);
}

static void tcp_pair(int pair[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(pair[0], (struct sockaddr *)&address, len), 0);
    pair[1] = accept(listener, NULL, NULL);
    assert_true(pair[1] >= 0);
    close(listener);
}

/* A kernel with TLS sends records; without, or when it refuses the keys, all stays as it was. */
static void tcp_sockets(void **state)
{
    struct tls_kernel_keys keys, wrong;
    uint8_t record[5 + 5 + 1 + 16];
    int pair[2];

    (void)state;
    assert_true(tls_kernel_keys_make(&keys, 0x1301, &secret_256));
    tcp_pair(pair);
    wrong = keys;
    wrong.size--;
    assert_false(tls_kernel_send_begin(pair[0], &wrong));
    expect_plain(pair[0], pair[1]);
    close(pair[0]);
    close(pair[1]);

    tcp_pair(pair);
    assert_int_equal(tls_kernel_send_begin(pair[0], &keys), tls_kernel_is_able());
    if (!tls_kernel_is_able()) {
        expect_plain(pair[0], pair[1]);
    } else {
        assert_int_equal(send(pair[0], "plain", 5, MSG_NOSIGNAL), 5);
        assert_int_equal(recv(pair[1], record, sizeof(record), MSG_WAITALL), sizeof(record));
        assert_memory_equal(record, "\x17\x03\x03\x00\x16", 5);
        assert_memory_not_equal(record + 5, "plain", 5);
        assert_true(tls_kernel_send_alert(pair[0], 1, 0));
        assert_int_equal(recv(pair[1], record, 5 + 2 + 1 + 16, MSG_WAITALL), 5 + 2 + 1 + 16);
    }
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_rfc_8448), cmocka_unit_test(keys_of_other_suites),
        cmocka_unit_test(no_keys),          cmocka_unit_test(a_secret_is_noted),
        cmocka_unit_test(other_sockets),    cmocka_unit_test(tcp_sockets),
    };

    return test_group_run(tests);
}
