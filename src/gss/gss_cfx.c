/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_cfx.h"

#include <endian.h>
#include <openssl/crypto.h>
#include <sodium.h>
#include <string.h>

enum {
    FLAG_ACCEPTOR = 1, /* it is the acceptor's */
    FLAG_SEALED = 2,
    FLAG_SUBKEY = 4, /* it is protected by the acceptor's subkey */
    CONFOUNDER_BYTES = GSS_KEY_BLOCK_BYTES,
    EC_AT = 4, /* extra count: bytes between the message and the copy of the header */
    RRC_AT = 6,
    SEQ_AT = 8
};

static const uint8_t mic_id[2] = {4, 4}, wrap_id[2] = {5, 4};
static const uint8_t zero_block[GSS_KEY_BLOCK_BYTES];

bool gss_cfx_init(struct gss_cfx *cfx, uint32_t enctype, const uint8_t *subkey, uint64_t seq)
{
    atomic_init(&cfx->next_seq, seq);
    if (!gss_key_init(&cfx->ours, enctype, subkey, true))
        return false;
    if (gss_key_init(&cfx->theirs, enctype, subkey, false))
        return true;
    gss_key_fini(&cfx->ours);
    return false;
}

void gss_cfx_fini(struct gss_cfx *cfx)
{
    gss_key_fini(&cfx->ours);
    gss_key_fini(&cfx->theirs);
}

uint32_t gss_cfx_mic_bytes(const struct gss_cfx *cfx)
{
    return GSS_CFX_TOKEN_BYTES + cfx->ours.checksum.mac_bytes;
}

uint32_t gss_cfx_header_bytes(const struct gss_cfx *cfx)
{
    (void)cfx;
    return GSS_CFX_TOKEN_BYTES + CONFOUNDER_BYTES;
}

uint32_t gss_cfx_trailer_bytes(const struct gss_cfx *cfx)
{
    return GSS_CFX_TOKEN_BYTES + cfx->ours.integrity.mac_bytes;
}

static void put_header(struct gss_cfx *cfx, uint8_t *header, const uint8_t id[2], uint8_t flags,
                       const uint8_t filler[2])
{
    uint64_t seq = htobe64(atomic_fetch_add_explicit(&cfx->next_seq, 1, memory_order_relaxed));

    memcpy(header, id, 2);
    header[2] = flags | FLAG_ACCEPTOR | FLAG_SUBKEY;
    header[3] = 0xff;
    memcpy(header + 4, filler, 2);
    memcpy(header + 6, filler, 2);
    memcpy(header + SEQ_AT, &seq, sizeof(seq));
}

bool gss_cfx_mic(struct gss_cfx *cfx, const void *data, size_t bytes, uint8_t *mic)
{
    put_header(cfx, mic, mic_id, 0, (const uint8_t[2]){0xff, 0xff});
    return gss_hmac_compute(&cfx->ours.checksum, data, bytes, mic, GSS_CFX_TOKEN_BYTES,
                            mic + GSS_CFX_TOKEN_BYTES);
}

bool gss_cfx_verify(const struct gss_cfx *cfx, const void *data, size_t bytes, const uint8_t *mic,
                    size_t mic_bytes)
{
    static const uint8_t filler[5] = {0xff, 0xff, 0xff, 0xff, 0xff};
    uint8_t right[GSS_KEY_MAC_BYTES];

    if (mic_bytes != GSS_CFX_TOKEN_BYTES + cfx->theirs.checksum.mac_bytes ||
        memcmp(mic, mic_id, sizeof(mic_id)) != 0 || mic[2] != FLAG_SUBKEY ||
        memcmp(mic + 3, filler, sizeof(filler)) != 0)
        return false;
    return gss_hmac_compute(&cfx->theirs.checksum, data, bytes, mic, GSS_CFX_TOKEN_BYTES, right) &&
           CRYPTO_memcmp(right, mic + GSS_CFX_TOKEN_BYTES, cfx->theirs.checksum.mac_bytes) == 0;
}

/* token: header | confounder | message | header again | MAC; all but the first and the last are
 * encrypted. */
bool gss_cfx_wrap(struct gss_cfx *cfx, uint8_t *data, size_t bytes)
{
    const struct gss_key *key = &cfx->ours;
    uint8_t *sealed = data - CONFOUNDER_BYTES, *header = sealed - GSS_CFX_TOKEN_BYTES;
    size_t sealed_bytes = CONFOUNDER_BYTES + bytes + GSS_CFX_TOKEN_BYTES;
    uint8_t *mac = sealed + sealed_bytes;

    put_header(cfx, header, wrap_id, FLAG_SEALED, zero_block);
    randombytes_buf(sealed, CONFOUNDER_BYTES);
    memcpy(data + bytes, header, GSS_CFX_TOKEN_BYTES);
    if (key->mac_first)
        return gss_hmac_compute(&key->integrity, NULL, 0, sealed, sealed_bytes, mac) &&
               gss_key_encrypt(key, sealed, sealed_bytes);
    return gss_key_encrypt(key, sealed, sealed_bytes) &&
           gss_hmac_compute(&key->integrity, zero_block, sizeof(zero_block), sealed, sealed_bytes,
                            mac);
}

static size_t be16_at(const uint8_t *at)
{
    return (size_t)at[0] << 8 | at[1];
}

static void reverse(uint8_t *at, size_t bytes)
{
    for (uint8_t *end = at + bytes; at + 1 < end; at++) {
        uint8_t byte = *at;

        *at = *--end;
        *end = byte;
    }
}

/* The sender has moved the last `count` bytes to the front (RFC 4121 §4.2.5). */
static void rotate_back(uint8_t *at, size_t bytes, size_t count)
{
    count %= bytes;
    if (count == 0)
        return;
    reverse(at, count);
    reverse(at + count, bytes - count);
    reverse(at, bytes);
}

static bool open_sealed(const struct gss_key *key, uint8_t *sealed, size_t sealed_bytes)
{
    const uint8_t *mac = sealed + sealed_bytes;
    uint8_t right[GSS_KEY_MAC_BYTES];
    bool done;

    if (key->mac_first)
        done = gss_key_decrypt(key, sealed, sealed_bytes) &&
               gss_hmac_compute(&key->integrity, NULL, 0, sealed, sealed_bytes, right);
    else
        done = gss_hmac_compute(&key->integrity, zero_block, sizeof(zero_block), sealed,
                                sealed_bytes, right);
    done = done && CRYPTO_memcmp(right, mac, key->integrity.mac_bytes) == 0;
    return done && (key->mac_first || gss_key_decrypt(key, sealed, sealed_bytes));
}

static bool is_wrap_header(const uint8_t *header)
{
    return memcmp(header, wrap_id, sizeof(wrap_id)) == 0 &&
           header[2] == (FLAG_SEALED | FLAG_SUBKEY) && header[3] == 0xff;
}

uint8_t *gss_cfx_unwrap(const struct gss_cfx *cfx, uint8_t *token, size_t token_bytes,
                        size_t *bytes)
{
    const struct gss_key *key = &cfx->theirs;
    size_t around = CONFOUNDER_BYTES + GSS_CFX_TOKEN_BYTES, extra, sealed_bytes;
    uint8_t *sealed = token + GSS_CFX_TOKEN_BYTES, *copy;

    if (token_bytes < GSS_CFX_TOKEN_BYTES + around + key->integrity.mac_bytes ||
        !is_wrap_header(token))
        return NULL;
    extra = be16_at(token + EC_AT);
    sealed_bytes = token_bytes - GSS_CFX_TOKEN_BYTES - key->integrity.mac_bytes;
    if (extra > sealed_bytes - around)
        return NULL;
    rotate_back(sealed, token_bytes - GSS_CFX_TOKEN_BYTES, be16_at(token + RRC_AT));
    if (!open_sealed(key, sealed, sealed_bytes))
        return NULL;
    /* The copy is what was protected; it was made before the rotation. */
    copy = sealed + sealed_bytes - GSS_CFX_TOKEN_BYTES;
    memset(token + RRC_AT, 0, 2);
    memset(copy + RRC_AT, 0, 2);
    if (memcmp(copy, token, GSS_CFX_TOKEN_BYTES) != 0)
        return NULL;
    *bytes = sealed_bytes - around - extra;
    return sealed + CONFOUNDER_BYTES;
}
