/* SPDX-License-Identifier: Apache-2.0 */
#include "export/export_security.h"

#include <stdio.h>
#include <string.h>

#include "base/guess.h"

_Static_assert(SECURITY_FLAVOR_COUNT *XPRTSEC_COUNT * 2 <= 32, "callers must fit into a mask");

static const char *const flavor_names[SECURITY_FLAVOR_COUNT] = {
    [SECURITY_NONE] = "none",   [SECURITY_SYS] = "sys",     [SECURITY_KRB5] = "krb5",
    [SECURITY_KRB5I] = "krb5i", [SECURITY_KRB5P] = "krb5p",
};

static const char *const xprtsec_names[XPRTSEC_COUNT] = {
    [XPRTSEC_NONE] = "none",
    [XPRTSEC_TLS] = "tls",
    [XPRTSEC_MTLS] = "mtls",
};

const char *security_flavor_name(enum security_flavor flavor)
{
    return flavor_names[flavor];
}

const char *export_xprtsec_name(enum export_xprtsec xprtsec)
{
    return xprtsec_names[xprtsec];
}

void export_security_init(struct export_security *security)
{
    *security = (struct export_security){.flavor_count = 1,
                                         .flavors = {SECURITY_SYS},
                                         .xprtsec_count = 1,
                                         .xprtsecs = {XPRTSEC_NONE}};
}

/* ---- lists of words ---- */

/* One of the two lists, and its words. */
struct list_of {
    const char *const *names;
    size_t name_count;
    const char *wants;
};

static const struct list_of flavor_list = {flavor_names, SECURITY_FLAVOR_COUNT, EXPORT_SEC_WANTS};
static const struct list_of xprtsec_list = {xprtsec_names, XPRTSEC_COUNT, EXPORT_XPRTSEC_WANTS};

static size_t name_find(const struct list_of *list, const char *name, size_t len)
{
    size_t i = 0;

    while (i < list->name_count &&
           (strlen(list->names[i]) != len || memcmp(list->names[i], name, len) != 0))
        i++;
    return i;
}

static bool list_has(const uint8_t *items, uint8_t count, uint8_t item)
{
    return memchr(items, item, count) != NULL;
}

static bool unknown(const struct list_of *list, const char *name, size_t len, char *error,
                    size_t size)
{
    char hint[GUESS_HINT_BYTES];
    struct guess guess;

    guess_init(&guess, name, len);
    for (size_t i = 0; i < list->name_count; i++)
        guess_offer(&guess, list->names[i]);
    (void)snprintf(error, size, "expected %s, not '%.*s'%s", list->wants,
                   (int)(len < 32 ? len : 32), name, guess_hint(&guess, "", hint, sizeof(hint)));
    return false;
}

static bool list_set(const struct list_of *list, const char *text, uint8_t *items, uint8_t *count,
                     char *error, size_t size)
{
    for (*count = 0;; text++) {
        size_t len = strcspn(text, ":"), found = name_find(list, text, len);

        if (found == list->name_count)
            return unknown(list, text, len, error, size);
        if (list_has(items, *count, (uint8_t)found)) {
            (void)snprintf(error, size, "'%s' is there twice", list->names[found]);
            return false;
        }
        items[(*count)++] = (uint8_t)found;
        text += len;
        if (*text == '\0')
            return true;
    }
}

static const char *list_print(const struct list_of *list, const uint8_t *items, uint8_t count,
                              char *text, size_t size)
{
    size_t used = 0;

    *text = '\0';
    for (uint8_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ":" : "",
                                 list->names[items[i]]);
    return text;
}

bool export_security_set_flavors(struct export_security *security, const char *text, char *error,
                                 size_t size)
{
    return list_set(&flavor_list, text, security->flavors, &security->flavor_count, error, size);
}

bool export_security_set_xprtsecs(struct export_security *security, const char *text, char *error,
                                  size_t size)
{
    return list_set(&xprtsec_list, text, security->xprtsecs, &security->xprtsec_count, error, size);
}

const char *export_security_print_flavors(const struct export_security *security, char *text,
                                          size_t size)
{
    return list_print(&flavor_list, security->flavors, security->flavor_count, text, size);
}

const char *export_security_print_xprtsecs(const struct export_security *security, char *text,
                                           size_t size)
{
    return list_print(&xprtsec_list, security->xprtsecs, security->xprtsec_count, text, size);
}

bool export_security_same_flavors(const struct export_security *a, const struct export_security *b)
{
    return a->flavor_count == b->flavor_count &&
           memcmp(a->flavors, b->flavors, a->flavor_count) == 0;
}

bool export_security_same_xprtsecs(const struct export_security *a, const struct export_security *b)
{
    return a->xprtsec_count == b->xprtsec_count &&
           memcmp(a->xprtsecs, b->xprtsecs, a->xprtsec_count) == 0;
}

/* ---- who is taken ---- */

bool export_security_has_flavor(const struct export_security *security, enum security_flavor flavor)
{
    return list_has(security->flavors, security->flavor_count, (uint8_t)flavor);
}

enum export_xprtsec export_security_weakest(const struct export_security *security)
{
    uint8_t weakest = XPRTSEC_MTLS;

    for (uint8_t i = 0; i < security->xprtsec_count; i++) {
        if (security->xprtsecs[i] < weakest)
            weakest = security->xprtsecs[i];
    }
    return (enum export_xprtsec)weakest;
}

static bool is_proven(enum security_flavor flavor, enum export_xprtsec xprtsec)
{
    return flavor >= SECURITY_KRB5 || xprtsec == XPRTSEC_MTLS;
}

uint32_t export_security_mask(const struct export_security *security, bool secure)
{
    uint32_t mask = 0;

    for (uint8_t i = 0; i < security->flavor_count; i++) {
        enum security_flavor flavor = (enum security_flavor)security->flavors[i];

        for (int x = (int)export_security_weakest(security); x < XPRTSEC_COUNT; x++) {
            enum export_xprtsec xprtsec = (enum export_xprtsec)x;

            mask |= export_caller_bit(flavor, xprtsec, true);
            if (!secure || is_proven(flavor, xprtsec))
                mask |= export_caller_bit(flavor, xprtsec, false);
        }
    }
    return mask;
}
