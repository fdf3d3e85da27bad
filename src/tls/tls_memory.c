/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_memory.h"

#include <openssl/crypto.h>
#include <stddef.h>

#include "base/memory.h"

static bool counted;

static void *take(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return memory_take(MEMORY_tls, size);
}

static void *resize(void *p, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (size > 0)
        return memory_resize(MEMORY_tls, p, size);
    memory_free(MEMORY_tls, p);
    return NULL;
}

static void release(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    memory_free(MEMORY_tls, p);
}

void tls_memory_init(void)
{
    counted = CRYPTO_set_mem_functions(take, resize, release) == 1;
}

bool tls_memory_is_counted(void)
{
    return counted;
}
