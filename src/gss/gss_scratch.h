/* SPDX-License-Identifier: Apache-2.0 */
/* What a thread computes in: contexts of OpenSSL, made when first used, freed with the thread. */
#pragma once

#include <openssl/evp.h>

struct gss_scratch {
    EVP_MD_CTX *hash;
    EVP_CIPHER_CTX *aes128, *aes256; /* CBC, without padding: give them a key and an IV */
};

/* The calling thread's.  NULL: out of memory. */
struct gss_scratch *gss_scratch(void);
