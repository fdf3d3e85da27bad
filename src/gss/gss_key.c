/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <string.h>

#include "gss/gss_scratch.h"

enum {
    HASH_BYTES = 64,       /* at most */
    HASH_BLOCK_BYTES = 128 /* at most */
};

/* Key usages of RFC 4121 §2. */
enum {
    USAGE_ACCEPTOR_SEAL = 22,
    USAGE_ACCEPTOR_SIGN = 23,
    USAGE_INITIATOR_SEAL = 24,
    USAGE_INITIATOR_SIGN = 25
};

/* The last byte of the constants that keys are derived with: RFC 3961 §5.3, RFC 8009 §5. */
enum {
    FOR_CHECKSUM = 0x99,
    FOR_ENCRYPTION = 0xaa,
    FOR_INTEGRITY = 0x55
};

struct profile {
    uint32_t key_bytes, mac_bytes;
    uint32_t mac_key_bytes;
    bool sha1;
};

static const struct profile *profile_of(uint32_t enctype)
{
    static const struct profile profiles[] = {
        [GSS_AES128_SHA1] = {16, 12, 16, true},
        [GSS_AES256_SHA1] = {32, 12, 32, true},
        [GSS_AES128_SHA256] = {16, 16, 16, false},
        [GSS_AES256_SHA384] = {32, 24, 24, false},
    };

    if (enctype >= ARRAY_SIZE(profiles) || profiles[enctype].key_bytes == 0)
        return NULL;
    return &profiles[enctype];
}

bool gss_key_knows(uint32_t enctype, size_t key_bytes)
{
    const struct profile *profile = profile_of(enctype);

    return profile && profile->key_bytes == key_bytes;
}

uint32_t gss_key_mac_bytes(enum gss_enctype enctype)
{
    return profile_of(enctype)->mac_bytes;
}

static const EVP_MD *hash_of(enum gss_enctype enctype)
{
    switch (enctype) {
    case GSS_AES128_SHA1:
    case GSS_AES256_SHA1:
        return EVP_sha1();
    case GSS_AES128_SHA256:
        return EVP_sha256();
    case GSS_AES256_SHA384:
        break;
    }
    return EVP_sha384();
}

/* DK() of RFC 3961 §5.1, which OpenSSL has. */
static bool derive_sha1(uint32_t key_bytes, const uint8_t *session_key, const uint8_t constant[5],
                        uint8_t *derived)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "KRB5KDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    char *cipher = key_bytes == 16 ? "AES-128-CBC" : "AES-256-CBC";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_CIPHER, cipher, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)session_key, key_bytes),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_CONSTANT, (void *)constant, 5),
        OSSL_PARAM_construct_end(),
    };
    bool done = context && EVP_KDF_derive(context, derived, key_bytes, params) == 1;

    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return done;
}

/* KDF-HMAC-SHA2 of RFC 8009 §3, of which one round is enough here. */
static bool derive_sha2(enum gss_enctype enctype, const uint8_t *session_key,
                        const uint8_t constant[5], uint8_t *derived, uint32_t derived_bytes)
{
    uint8_t input[14] = {0, 0, 0, 1}, hash[HASH_BYTES];
    unsigned hash_bytes = sizeof(hash);

    memcpy(input + 4, constant, 5);
    input[12] = (uint8_t)(derived_bytes * 8 >> 8);
    input[13] = (uint8_t)(derived_bytes * 8);
    if (!HMAC(hash_of(enctype), session_key, (int)profile_of(enctype)->key_bytes, input,
              sizeof(input), hash, &hash_bytes))
        return false;
    memcpy(derived, hash, derived_bytes);
    OPENSSL_cleanse(hash, sizeof(hash));
    return true;
}

static bool derive(enum gss_enctype enctype, const uint8_t *session_key, uint8_t usage,
                   uint8_t purpose, uint8_t *derived, uint32_t derived_bytes)
{
    const uint8_t constant[5] = {0, 0, 0, usage, purpose};

    if (profile_of(enctype)->sha1)
        return derive_sha1(derived_bytes, session_key, constant, derived);
    return derive_sha2(enctype, session_key, constant, derived, derived_bytes);
}

static EVP_MD_CTX *hash_pad(const EVP_MD *hash, const uint8_t *key, size_t key_bytes, uint8_t pad)
{
    uint8_t block[HASH_BLOCK_BYTES];
    size_t block_bytes = (size_t)EVP_MD_get_block_size(hash);
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    CHECK(key_bytes <= block_bytes && block_bytes <= sizeof(block));
    memset(block, pad, block_bytes);
    for (size_t i = 0; i < key_bytes; i++)
        block[i] ^= key[i];
    if (context && (EVP_DigestInit_ex2(context, hash, NULL) != 1 ||
                    EVP_DigestUpdate(context, block, block_bytes) != 1)) {
        EVP_MD_CTX_free(context);
        context = NULL;
    }
    OPENSSL_cleanse(block, sizeof(block));
    return context;
}

static void hmac_fini(struct gss_hmac *hmac)
{
    EVP_MD_CTX_free(hmac->inner);
    EVP_MD_CTX_free(hmac->outer);
}

static bool hmac_init(struct gss_hmac *hmac, enum gss_enctype enctype, const uint8_t *session_key,
                      uint8_t usage, uint8_t purpose)
{
    const struct profile *profile = profile_of(enctype);
    uint8_t key[GSS_KEY_BYTES];
    bool done = derive(enctype, session_key, usage, purpose, key, profile->mac_key_bytes);

    if (done) {
        hmac->mac_bytes = profile->mac_bytes;
        hmac->inner = hash_pad(hash_of(enctype), key, profile->mac_key_bytes, 0x36);
        hmac->outer = hash_pad(hash_of(enctype), key, profile->mac_key_bytes, 0x5c);
    }
    OPENSSL_cleanse(key, sizeof(key));
    return done && hmac->inner && hmac->outer;
}

bool gss_key_init(struct gss_key *key, enum gss_enctype enctype, const uint8_t *session_key,
                  bool acceptor)
{
    uint8_t sign = acceptor ? USAGE_ACCEPTOR_SIGN : USAGE_INITIATOR_SIGN;
    uint8_t seal = acceptor ? USAGE_ACCEPTOR_SEAL : USAGE_INITIATOR_SEAL;

    memset(key, 0, sizeof(*key));
    key->enctype = enctype;
    key->mac_first = profile_of(enctype)->sha1;
    key->cipher_key_bytes = profile_of(enctype)->key_bytes;
    if (hmac_init(&key->checksum, enctype, session_key, sign, FOR_CHECKSUM) &&
        hmac_init(&key->integrity, enctype, session_key, seal, FOR_INTEGRITY) &&
        derive(enctype, session_key, seal, FOR_ENCRYPTION, key->cipher_key, key->cipher_key_bytes))
        return true;
    gss_key_fini(key);
    return false;
}

void gss_key_fini(struct gss_key *key)
{
    hmac_fini(&key->checksum);
    hmac_fini(&key->integrity);
    OPENSSL_cleanse(key, sizeof(*key));
}

bool gss_hmac_compute(const struct gss_hmac *hmac, const void *first, size_t first_bytes,
                      const void *second, size_t second_bytes, uint8_t *mac)
{
    struct gss_scratch *scratch = gss_scratch();
    uint8_t hash[HASH_BYTES];
    unsigned hash_bytes = sizeof(hash);

    if (!scratch || EVP_MD_CTX_copy_ex(scratch->hash, hmac->inner) != 1 ||
        EVP_DigestUpdate(scratch->hash, first, first_bytes) != 1 ||
        EVP_DigestUpdate(scratch->hash, second, second_bytes) != 1 ||
        EVP_DigestFinal_ex(scratch->hash, hash, &hash_bytes) != 1 ||
        EVP_MD_CTX_copy_ex(scratch->hash, hmac->outer) != 1 ||
        EVP_DigestUpdate(scratch->hash, hash, hash_bytes) != 1 ||
        EVP_DigestFinal_ex(scratch->hash, hash, &hash_bytes) != 1)
        return false;
    memcpy(mac, hash, hmac->mac_bytes);
    return true;
}

/* Whole blocks, at most INT_MAX bytes: records are smaller. */
static bool run(EVP_CIPHER_CTX *context, uint8_t *out, const uint8_t *in, size_t bytes)
{
    int done;

    return bytes == 0 ||
           (EVP_CipherUpdate(context, out, &done, in, (int)bytes) == 1 && (size_t)done == bytes);
}

/* With an IV of zeros.  NULL: OpenSSL fails. */
static EVP_CIPHER_CTX *start(const struct gss_key *key, bool encrypt)
{
    static const uint8_t zeros[GSS_KEY_BLOCK_BYTES];
    struct gss_scratch *scratch = gss_scratch();
    EVP_CIPHER_CTX *context = NULL;

    if (scratch)
        context = key->cipher_key_bytes == 16 ? scratch->aes128 : scratch->aes256;
    if (!context || EVP_CipherInit_ex2(context, NULL, key->cipher_key, zeros, encrypt, NULL) != 1)
        return NULL;
    return context;
}

/* How many of the bytes are not among the last two blocks, of which the last may be short. */
static size_t leading(size_t bytes)
{
    return bytes <= GSS_KEY_BLOCK_BYTES
               ? 0
               : ((bytes + GSS_KEY_BLOCK_BYTES - 1) / GSS_KEY_BLOCK_BYTES - 2) *
                     GSS_KEY_BLOCK_BYTES;
}

bool gss_key_encrypt(const struct gss_key *key, uint8_t *data, size_t bytes)
{
    size_t lead = leading(bytes), tail = bytes - lead;
    uint8_t last[2 * GSS_KEY_BLOCK_BYTES] = {0};
    EVP_CIPHER_CTX *context = start(key, true);
    bool done;

    CHECK(bytes >= GSS_KEY_BLOCK_BYTES);
    if (!context)
        return false;
    if (tail == GSS_KEY_BLOCK_BYTES) /* one block is encrypted as it is */
        return run(context, data, data, tail);
    memcpy(last, data + lead, tail);
    done = run(context, data, data, lead) && run(context, last, last, sizeof(last));
    memcpy(data + lead, last + GSS_KEY_BLOCK_BYTES, GSS_KEY_BLOCK_BYTES);
    memcpy(data + lead + GSS_KEY_BLOCK_BYTES, last, tail - GSS_KEY_BLOCK_BYTES);
    OPENSSL_cleanse(last, sizeof(last));
    return done;
}

static void block_xor(uint8_t *block, const uint8_t *with, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        block[i] ^= with[i];
}

/* The last two blocks, `tail` bytes, stand swapped, and the one behind has lost its end, which is
 * in what the other decrypts to.  OpenSSL adds to each block the one it has decrypted before:
 * `chain`, which belongs to the block behind, and then the other. */
static bool decrypt_tail(EVP_CIPHER_CTX *context, const uint8_t chain[GSS_KEY_BLOCK_BYTES],
                         uint8_t *data, size_t tail)
{
    uint8_t other[GSS_KEY_BLOCK_BYTES], plain[GSS_KEY_BLOCK_BYTES], behind[GSS_KEY_BLOCK_BYTES];
    size_t stub = tail - GSS_KEY_BLOCK_BYTES;

    memcpy(other, data, sizeof(other));
    if (!run(context, plain, other, sizeof(plain)))
        return false;
    block_xor(plain, chain, sizeof(plain));
    memcpy(behind, data + GSS_KEY_BLOCK_BYTES, stub);
    memcpy(behind + stub, plain + stub, sizeof(behind) - stub);
    block_xor(plain, behind, stub);
    memcpy(data + GSS_KEY_BLOCK_BYTES, plain, stub);
    if (!run(context, data, behind, sizeof(behind)))
        return false;
    block_xor(data, other, GSS_KEY_BLOCK_BYTES);
    block_xor(data, chain, GSS_KEY_BLOCK_BYTES);
    return true;
}

bool gss_key_decrypt(const struct gss_key *key, uint8_t *data, size_t bytes)
{
    size_t lead = leading(bytes), tail = bytes - lead;
    uint8_t chain[GSS_KEY_BLOCK_BYTES] = {0};
    EVP_CIPHER_CTX *context = start(key, false);

    CHECK(bytes >= GSS_KEY_BLOCK_BYTES);
    if (!context)
        return false;
    if (tail == GSS_KEY_BLOCK_BYTES)
        return run(context, data, data, tail);
    if (lead > 0)
        memcpy(chain, data + lead - sizeof(chain), sizeof(chain));
    return run(context, data, data, lead) && decrypt_tail(context, chain, data + lead, tail);
}
