/* SPDX-License-Identifier: Apache-2.0 */
/* AES with ciphertext stealing against the examples of RFC 3962 appendix B, and all lengths. */
#include "gss/gss_key.h"

#include "lib/test.h"

static const char text[] = "I would like the General Gau's Chicken, please, and wonton soup.";

struct sample {
    size_t bytes;
    uint8_t sealed[32];
};

static const struct sample samples[] = {
    {17,
     {0xc6, 0x35, 0x35, 0x68, 0xf2, 0xbf, 0x8c, 0xb4, 0xd8, 0xa5, 0x80, 0x36, 0x2d, 0xa7, 0xff,
      0x7f, 0x97}},
    {31, {0xfc, 0x00, 0x78, 0x3e, 0x0e, 0xfd, 0xb2, 0xc1, 0xd4, 0x45, 0xd4,
          0xc8, 0xef, 0xf7, 0xed, 0x22, 0x97, 0x68, 0x72, 0x68, 0xd6, 0xec,
          0xcc, 0xc0, 0xc0, 0x7b, 0x25, 0xe2, 0x5e, 0xcf, 0xe5}},
    {32, {0x39, 0x31, 0x25, 0x23, 0xa7, 0x86, 0x62, 0xd5, 0xbe, 0x7f, 0xcb,
          0xcc, 0x98, 0xeb, 0xf5, 0xa8, 0x97, 0x68, 0x72, 0x68, 0xd6, 0xec,
          0xcc, 0xc0, 0xc0, 0x7b, 0x25, 0xe2, 0x5e, 0xcf, 0xe5, 0x84}},
};

/* The key of the examples, as it is: nothing is derived. */
static struct gss_key sample_key(void)
{
    struct gss_key key = {.enctype = GSS_AES128_SHA1, .cipher_key_bytes = 16};

    memcpy(key.cipher_key, "chicken teriyaki", 16);
    return key;
}

static void test_samples(void **state)
{
    struct gss_key key = sample_key();
    uint8_t data[64];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
        memcpy(data, text, samples[i].bytes);
        assert_true(gss_key_encrypt(&key, data, samples[i].bytes));
        assert_memory_equal(data, samples[i].sealed, samples[i].bytes);
        assert_true(gss_key_decrypt(&key, data, samples[i].bytes));
        assert_memory_equal(data, text, samples[i].bytes);
    }
}

/* There and back, and nothing behind it is touched. */
static void test_lengths(void **state)
{
    struct gss_key key = sample_key();
    uint8_t data[260], before[260];

    (void)state;
    for (size_t bytes = GSS_KEY_BLOCK_BYTES; bytes <= 256; bytes++) {
        for (size_t i = 0; i < sizeof(data); i++)
            data[i] = before[i] = (uint8_t)(i * 7 + bytes);
        assert_true(gss_key_encrypt(&key, data, bytes));
        assert_memory_not_equal(data, before, bytes);
        assert_memory_equal(data + bytes, before + bytes, sizeof(data) - bytes);
        assert_true(gss_key_decrypt(&key, data, bytes));
        assert_memory_equal(data, before, sizeof(data));
    }
}

static void test_types(void **state)
{
    (void)state;
    assert_true(gss_key_knows(GSS_AES128_SHA1, 16));
    assert_true(gss_key_knows(GSS_AES256_SHA1, 32));
    assert_true(gss_key_knows(GSS_AES128_SHA256, 16));
    assert_true(gss_key_knows(GSS_AES256_SHA384, 32));
    assert_false(gss_key_knows(GSS_AES256_SHA384, 16));
    assert_false(gss_key_knows(0, 0));
    assert_false(gss_key_knows(16, 24)); /* triple DES */
    assert_false(gss_key_knows(23, 16)); /* RC4 */
    assert_false(gss_key_knows(UINT32_MAX, 16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_types),
    };

    return test_group_run(tests);
}
