/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_principal.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"

/* Of this process: names that collide cannot be looked for elsewhere. */
static uint8_t id_key[crypto_shorthash_KEYBYTES];
static pthread_once_t id_key_once = PTHREAD_ONCE_INIT;

static void make_id_key(void)
{
    randombytes_buf(id_key, sizeof(id_key));
}

static uint64_t id_of(const void *exported, size_t bytes)
{
    uint64_t id = 0;

    (void)pthread_once(&id_key_once, make_id_key);
    (void)crypto_shorthash((uint8_t *)&id, exported, bytes, id_key);
    id &= INT64_MAX;
    return id ? id : 1;
}

/* How many bytes the UTF-8 character at `at` has, which begins above ASCII; 0: it is none. */
static size_t utf8_bytes(const uint8_t *at)
{
    size_t more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : 1;

    if (*at < 0xc2 || *at > 0xf4)
        return 0;
    if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) ||
        (*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] > 0x8f))
        return 0;
    for (size_t i = 1; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80) /* also at the NUL */
            return 0;
    }
    return more + 1;
}

static bool is_printable(const char *name)
{
    const uint8_t *at = (const uint8_t *)name;

    while (*at) {
        size_t bytes = 1;

        if (*at < 0x20 || *at == 0x7f)
            return false;
        if (*at > 0x7f)
            bytes = utf8_bytes(at);
        if (bytes == 0)
            return false;
        at += bytes;
    }
    return true;
}

/* The next `/` or `@` of a name that is not escaped by a backslash, or its end. */
static const char *separator(const char *at)
{
    for (; *at && *at != '/' && *at != '@'; at++) {
        if (*at == '\\' && at[1])
            at++;
    }
    return at;
}

/* Exactly two components, of which the first names a service of machines. */
static bool is_machine(const char *name, const char *realm)
{
    static const char *const services[] = {"host/", "nfs/", "root/"};
    const char *slash = separator(name);

    if (*slash != '/' || *realm == '\0' || separator(slash + 1) != realm - 1)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
        if (strncmp(name, services[i], strlen(services[i])) == 0)
            return slash[1] != '@';
    }
    return false;
}

static const char *realm_of(const char *name)
{
    const char *at = separator(name);

    while (*at == '/')
        at = separator(at + 1);
    return *at ? at + 1 : at;
}

struct gss_principal *gss_principal_create(const char *name, const void *exported,
                                           size_t exported_bytes)
{
    size_t name_bytes = strnlen(name, LIMIT_GSS_NAME_BYTES) + 1;
    struct gss_principal *principal;

    if (name_bytes == 1 || name_bytes > LIMIT_GSS_NAME_BYTES || exported_bytes == 0 ||
        exported_bytes > LIMIT_GSS_EXPORTED_BYTES || !is_printable(name))
        return NULL;
    principal = memory_zalloc(MEMORY_security, sizeof(*principal) + name_bytes + exported_bytes);
    if (!principal)
        return NULL;
    atomic_init(&principal->refs, 1);
    memcpy(principal->name, name, name_bytes);
    memcpy(principal->name + name_bytes, exported, exported_bytes);
    principal->exported = (const uint8_t *)principal->name + name_bytes;
    principal->exported_bytes = (uint32_t)exported_bytes;
    principal->realm = realm_of(principal->name);
    principal->machine = is_machine(principal->name, principal->realm);
    principal->id = id_of(exported, exported_bytes);
    return principal;
}

struct gss_principal *gss_principal_get(const struct gss_principal *principal)
{
    struct gss_principal *counted = (struct gss_principal *)principal;

    if (counted)
        (void)atomic_fetch_add_explicit(&counted->refs, 1, memory_order_relaxed);
    return counted;
}

void gss_principal_put(const struct gss_principal *principal)
{
    struct gss_principal *counted = (struct gss_principal *)principal;

    /* Pairs with itself: the last one sees what all others did. */
    if (counted && atomic_fetch_sub_explicit(&counted->refs, 1, memory_order_acq_rel) == 1)
        memory_free(MEMORY_security, counted);
}
