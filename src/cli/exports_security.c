/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exports_security.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

/* Words of exports(5), two of which say the same, and ours. */
struct word {
    const char *theirs, *ours;
};

static const struct word flavors[] = {
    {"sys", "sys"},   {"unix", "sys"},    {"none", "none"},   {"null", "none"},
    {"krb5", "krb5"}, {"krb5i", "krb5i"}, {"krb5p", "krb5p"},
};

static const struct word transports[] = {
    {"none", "none"},
    {"tls", "tls"},
    {"mtls", "mtls"},
};

static const char *word_find(const struct word *words, size_t count, const char *text, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i].theirs) == len && strncmp(words[i].theirs, text, len) == 0)
            return words[i].ours;
    }
    return NULL;
}

static bool list_has(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (;; list++) {
        size_t here = strcspn(list, ":");

        if (here == len && strncmp(list, word, len) == 0)
            return true;
        list += here;
        if (*list == '\0')
            return false;
    }
}

static void list_add(char list[EXPORTS_SECURITY_BYTES], const char *word)
{
    size_t len = strlen(list);

    if (list_has(list, word))
        return;
    CHECK(len + 1 + strlen(word) < EXPORTS_SECURITY_BYTES); /* there is room for all words */
    (void)snprintf(list + len, EXPORTS_SECURITY_BYTES - len, "%s%s", len > 0 ? ":" : "", word);
}

/* False: one of the words is unknown. */
static bool list_read(const struct word *words, size_t count, const char *value,
                      char list[EXPORTS_SECURITY_BYTES])
{
    *list = '\0';
    for (;; value++) {
        size_t len = strcspn(value, ":");
        const char *word = word_find(words, count, value, len);

        if (!word)
            return false;
        list_add(list, word);
        value += len;
        if (*value == '\0')
            return true;
    }
}

const char *exports_security_sec(const char *value, char list[EXPORTS_SECURITY_BYTES])
{
    if (list_read(flavors, ARRAY_SIZE(flavors), value, list))
        return NULL;
    return "expected flavors out of krb5p, krb5i, krb5, sys and none, for example sec=krb5p:krb5";
}

const char *exports_security_xprtsec(const char *value, char list[EXPORTS_SECURITY_BYTES])
{
    if (list_read(transports, ARRAY_SIZE(transports), value, list))
        return NULL;
    return "expected words out of none, tls and mtls, for example xprtsec=tls:mtls";
}

const char *exports_security_client(const char *word)
{
    static const char prefix[] = "gss/krb5";

    if (strncmp(word, prefix, strlen(prefix)) != 0)
        return NULL;
    word += strlen("gss/");
    return word_find(flavors, ARRAY_SIZE(flavors), word, strlen(word));
}

void exports_security_add(char list[EXPORTS_SECURITY_BYTES], const char *more)
{
    char words[EXPORTS_SECURITY_BYTES], *rest = words;

    (void)snprintf(words, sizeof(words), "%s", more);
    while (rest)
        list_add(list, strsep(&rest, ":"));
}
