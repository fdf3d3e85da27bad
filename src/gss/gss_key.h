/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a context with AES (RFC 3962 and RFC 8009), derived from its session key: for each
 * side one for checksums, one for encryption, one for the integrity of what is encrypted.  Nothing
 * changes once they are made, so that all threads use them at once; what OpenSSL needs to work in
 * belongs to the thread.
 */
#pragma once

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

enum {
    GSS_KEY_BYTES = 32,       /* at most */
    GSS_KEY_BLOCK_BYTES = 16, /* of AES */
    GSS_KEY_MAC_BYTES = 24    /* at most */
};

/* The encryption types with AES, as Kerberos numbers them. */
enum gss_enctype {
    GSS_AES128_SHA1 = 17,
    GSS_AES256_SHA1 = 18,
    GSS_AES128_SHA256 = 19,
    GSS_AES256_SHA384 = 20,
};

/* A keyed hash, halfway: the states behind the inner and the outer pad. */
struct gss_hmac {
    EVP_MD_CTX *inner, *outer;
    uint32_t mac_bytes; /* that are used of it */
};

/* The keys of what one side sends. */
struct gss_key {
    enum gss_enctype enctype;
    bool mac_first;           /* RFC 3962: the plaintext is hashed; RFC 8009: the ciphertext */
    struct gss_hmac checksum; /* of MICs */
    struct gss_hmac integrity;
    uint32_t cipher_key_bytes;
    uint8_t cipher_key[GSS_KEY_BYTES];
};

/* Is it an encryption type that this file knows, with a key of that length? */
bool gss_key_knows(uint32_t enctype, size_t key_bytes);

/* Bytes of a MAC. */
uint32_t gss_key_mac_bytes(enum gss_enctype enctype);

/* Derive the keys of the acceptor or the initiator (RFC 4121 §2).  False: OpenSSL fails; then
 * nothing needs to be freed. */
bool gss_key_init(struct gss_key *key, enum gss_enctype enctype, const uint8_t *session_key,
                  bool acceptor) MUST_USE;
void gss_key_fini(struct gss_key *key);

/* The MAC of two pieces, mac_bytes of it; false: out of memory. */
bool gss_hmac_compute(const struct gss_hmac *hmac, const void *first, size_t first_bytes,
                      const void *second, size_t second_bytes, uint8_t *mac) MUST_USE;

/* AES-CBC with ciphertext stealing (CBC-CS3) from an IV of zeros, in place.  At least one block. */
bool gss_key_encrypt(const struct gss_key *key, uint8_t *data, size_t bytes) MUST_USE;
bool gss_key_decrypt(const struct gss_key *key, uint8_t *data, size_t bytes) MUST_USE;
