/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_scratch.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

static _Thread_local struct gss_scratch *scratch_here;
static pthread_key_t scratch_key;
static bool scratch_key_made;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void scratch_free(void *p)
{
    struct gss_scratch *scratch = p;

    EVP_MD_CTX_free(scratch->hash);
    EVP_CIPHER_CTX_free(scratch->aes128);
    EVP_CIPHER_CTX_free(scratch->aes256);
    free(scratch);
    scratch_here = NULL;
}

static void scratch_make_key(void)
{
    scratch_key_made = pthread_key_create(&scratch_key, scratch_free) == 0;
}

static EVP_CIPHER_CTX *scratch_cipher(const EVP_CIPHER *cipher)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

    if (context && EVP_CipherInit_ex2(context, cipher, NULL, NULL, 1, NULL) == 1 &&
        EVP_CIPHER_CTX_set_padding(context, 0) == 1)
        return context;
    EVP_CIPHER_CTX_free(context);
    return NULL;
}

static struct gss_scratch *scratch_create(void)
{
    struct gss_scratch *scratch = calloc(1, sizeof(*scratch));

    (void)pthread_once(&scratch_once, scratch_make_key);
    if (!scratch)
        return NULL;
    scratch->hash = EVP_MD_CTX_new();
    scratch->aes128 = scratch_cipher(EVP_aes_128_cbc());
    scratch->aes256 = scratch_cipher(EVP_aes_256_cbc());
    if (!scratch->hash || !scratch->aes128 || !scratch->aes256 || !scratch_key_made ||
        pthread_setspecific(scratch_key, scratch) != 0) {
        scratch_free(scratch);
        return NULL;
    }
    return scratch;
}

struct gss_scratch *gss_scratch(void)
{
    if (!scratch_here)
        scratch_here = scratch_create();
    return scratch_here;
}
