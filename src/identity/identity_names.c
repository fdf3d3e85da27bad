/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/identity_names.h"

#include <string.h>
#include <strings.h>

/* "" and no answer yet are told apart: LATER is. */
static enum identity_named domain_of(struct identity_cache *cache, enum identity_wait wait,
                                     char domain[IDENTITY_DOMAIN_BYTES])
{
    struct identity *answer = identity_ask(cache, IDENTITY_ASK_DOMAIN, 0, "", wait);
    size_t len;

    if (!answer)
        return IDENTITY_LATER;
    len = strlen(answer->name);
    if (len > 0 && len < IDENTITY_DOMAIN_BYTES)
        memcpy(domain, answer->name, len + 1);
    else
        len = 0;
    identity_put(answer);
    return len > 0 ? IDENTITY_NAMED : IDENTITY_UNNAMED;
}

static enum identity_named nobody(char text[IDENTITY_NAME_BYTES], uint32_t *len)
{
    static const char name[] = "nobody";

    memcpy(text, name, sizeof(name));
    *len = sizeof(name) - 1;
    return IDENTITY_UNNAMED;
}

/* NAME@DOMAIN, if a client can read that. */
static enum identity_named name_put(const struct identity *answer, const char *domain,
                                    char text[IDENTITY_NAME_BYTES], uint32_t *len)
{
    const size_t name_len = strlen(answer->name), domain_len = strlen(domain);

    if (answer->origin == IDENTITY_FROM_NOBODY || name_len == 0 || strchr(answer->name, '@') ||
        name_len + 1 + domain_len + 1 > IDENTITY_NAME_BYTES)
        return nobody(text, len);
    memcpy(text, answer->name, name_len);
    text[name_len] = '@';
    memcpy(text + name_len + 1, domain, domain_len + 1);
    *len = (uint32_t)(name_len + 1 + domain_len);
    return IDENTITY_NAMED;
}

enum identity_named identity_name_of(struct identity_cache *cache, enum identity_kind kind,
                                     uint32_t id, enum identity_wait wait,
                                     char text[IDENTITY_NAME_BYTES], uint32_t *len)
{
    const enum identity_question question =
        kind == IDENTITY_USER ? IDENTITY_ASK_USER : IDENTITY_ASK_GROUP;
    char domain[IDENTITY_DOMAIN_BYTES];
    enum identity_named named = domain_of(cache, wait, domain);
    struct identity *answer = identity_ask(cache, question, id, "", wait);

    if (!answer || named == IDENTITY_LATER) {
        (void)nobody(text, len);
        identity_put(answer);
        return IDENTITY_LATER;
    }
    named = named == IDENTITY_NAMED ? name_put(answer, domain, text, len) : nobody(text, len);
    identity_put(answer);
    return named;
}

/* What stands before the `@`, if our domain is behind it. */
static enum identity_named name_take(struct identity_cache *cache, const char *text, uint32_t len,
                                     enum identity_wait wait, char name[IDENTITY_NAME_BYTES])
{
    const char *at = memrchr(text, '@', len);
    char domain[IDENTITY_DOMAIN_BYTES];
    enum identity_named named;
    size_t name_len, domain_len;

    if (!at || at == text || len >= IDENTITY_NAME_BYTES || memchr(text, '\0', len))
        return IDENTITY_UNNAMED;
    named = domain_of(cache, wait, domain);
    if (named != IDENTITY_NAMED)
        return named;
    name_len = (size_t)(at - text);
    domain_len = len - name_len - 1;
    if (domain_len != strlen(domain) || strncasecmp(at + 1, domain, domain_len) != 0)
        return IDENTITY_UNNAMED;
    memcpy(name, text, name_len);
    name[name_len] = '\0';
    return IDENTITY_NAMED;
}

enum identity_named identity_id_of(struct identity_cache *cache, enum identity_kind kind,
                                   const char *text, uint32_t len, enum identity_wait wait,
                                   uint32_t *id)
{
    char name[IDENTITY_NAME_BYTES];
    enum identity_named named = name_take(cache, text, len, wait, name);
    struct identity *answer;

    if (named != IDENTITY_NAMED)
        return named;
    answer = identity_ask(
        cache, kind == IDENTITY_USER ? IDENTITY_ASK_USER_ID : IDENTITY_ASK_GROUP_ID, 0, name, wait);
    if (!answer)
        return IDENTITY_LATER;
    if (answer->origin == IDENTITY_FROM_NOBODY)
        named = IDENTITY_UNNAMED;
    else
        *id = kind == IDENTITY_USER ? answer->uid : answer->gid;
    identity_put(answer);
    return named;
}
