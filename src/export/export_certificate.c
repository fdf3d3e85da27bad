/* SPDX-License-Identifier: Apache-2.0 */
#include "export/export_certificate.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tls/tls_rule.h"

enum {
    ENTRY_BYTES = 16384, /* of the database of users */
};

struct user_rule {
    struct tls_rule *rule;
    struct export_user user;
};

struct export_certificates {
    uint32_t peer_count, user_count;
    struct tls_rule *peers[LIMIT_EXPORT_RULES];
    struct user_rule users[LIMIT_EXPORT_RULES];
};

/* ---- what was said ---- */

static bool has_room(const struct export_rules *rules, char *error, size_t size)
{
    if (rules->count < LIMIT_EXPORT_RULES)
        return true;
    (void)snprintf(error, size, "more than %u rules", LIMIT_EXPORT_RULES);
    return false;
}

static bool rule_check(const char *text, char *error, size_t size)
{
    struct tls_rule *rule = tls_rule_parse(text, error, size);

    tls_rule_destroy(rule);
    return rule != NULL;
}

/* RULE=USER, split in place.  NULL: there is no user. */
static const char *user_split(char *text)
{
    char *equals = strrchr(text, '=');

    if (!equals || equals[1] == '\0')
        return NULL;
    *equals = '\0';
    return equals + 1;
}

bool export_rules_add_peer(struct export_rules *rules, const char *text, char *error, size_t size)
{
    if (!has_room(rules, error, size) || !rule_check(text, error, size))
        return false;
    rules->of[rules->count++] = must_strdup(text);
    return true;
}

bool export_rules_add_user(struct export_rules *rules, const char *text, char *error, size_t size)
{
    char *rule = must_strdup(text);
    bool ok = has_room(rules, error, size);

    if (ok && (!user_split(rule) || !strchr(rule, '='))) { /* CN=alice names no user */
        (void)snprintf(error, size,
                       "expected RULE=USER or RULE=UID:GID, for example CN=web1.example=alice");
        ok = false;
    }
    ok = ok && rule_check(rule, error, size);
    free(rule);
    if (ok)
        rules->of[rules->count++] = must_strdup(text);
    return ok;
}

void export_rules_fini(struct export_rules *rules)
{
    for (uint32_t i = 0; i < rules->count; i++)
        free(rules->of[i]);
    rules->count = 0;
}

void export_rules_copy(struct export_rules *copy, const struct export_rules *rules)
{
    copy->count = rules->count;
    for (uint32_t i = 0; i < rules->count; i++)
        copy->of[i] = must_strdup(rules->of[i]);
}

bool export_rules_same(const struct export_rules *a, const struct export_rules *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        if (strcmp(a->of[i], b->of[i]) != 0)
            return false;
    }
    return true;
}

/* ---- users ---- */

static bool number_take(const char **text, char end, uint32_t *number)
{
    unsigned long long value;
    char *rest;

    if (**text < '0' || **text > '9')
        return false;
    errno = 0;
    value = strtoull(*text, &rest, 10);
    if (errno != 0 || value > UINT32_MAX || *rest != end)
        return false;
    *text = rest + 1;
    *number = (uint32_t)value;
    return true;
}

/* "1000:100" */
static bool ids_parse(const char *text, struct export_user *user)
{
    return number_take(&text, ':', &user->uid) && number_take(&text, '\0', &user->gid);
}

static void groups_find(const char *name, struct export_user *user)
{
    int count = LIMIT_CALLER_GIDS;
    gid_t *groups = must_calloc(LIMIT_CALLER_GIDS, sizeof(*groups));

    if (getgrouplist(name, user->gid, groups, &count) < 0)
        count = LIMIT_CALLER_GIDS; /* there are more, which do not count */
    user->gids = must_calloc((size_t)count + 1, sizeof(*user->gids));
    user->gid_count = (uint32_t)count;
    for (int i = 0; i < count; i++)
        user->gids[i] = groups[i];
    free(groups);
}

static bool user_find(const char *name, struct export_user *user, char *error, size_t size)
{
    char *buffer;
    struct passwd entry, *found = NULL;

    if (ids_parse(name, user))
        return true;
    buffer = must_malloc(ENTRY_BYTES);
    (void)getpwnam_r(name, &entry, buffer, ENTRY_BYTES, &found);
    if (found) {
        user->uid = entry.pw_uid;
        user->gid = entry.pw_gid;
        groups_find(name, user);
    } else {
        (void)snprintf(error, size, "tls_user names '%.64s', but there is no such user", name);
    }
    free(buffer);
    return found != NULL;
}

/* ---- rules in effect ---- */

static bool user_add(struct export_certificates *certificates, const char *text, char *error,
                     size_t size)
{
    struct user_rule *user = &certificates->users[certificates->user_count];
    char *rule = must_strdup(text);
    const char *name = user_split(rule);
    bool ok = name && user_find(name, &user->user, error, size);

    if (ok) {
        user->rule = tls_rule_parse(rule, error, size);
        CHECK(user->rule); /* export_rules_add_user() */
        certificates->user_count++;
    }
    free(rule);
    return ok;
}

struct export_certificates *export_certificates_create(const struct export_rules *peers,
                                                       const struct export_rules *users,
                                                       char *error, size_t size)
{
    struct export_certificates *certificates;

    *error = '\0';
    if (peers->count + users->count == 0)
        return NULL;
    certificates = must_calloc(1, sizeof(*certificates));
    for (uint32_t i = 0; i < peers->count; i++) {
        certificates->peers[i] = tls_rule_parse(peers->of[i], error, size);
        CHECK(certificates->peers[i]); /* export_rules_add_peer() */
        certificates->peer_count++;
    }
    for (uint32_t i = 0; i < users->count; i++) {
        if (user_add(certificates, users->of[i], error, size))
            continue;
        export_certificates_destroy(certificates);
        return NULL;
    }
    return certificates;
}

void export_certificates_destroy(struct export_certificates *certificates)
{
    if (!certificates)
        return;
    for (uint32_t i = 0; i < certificates->peer_count; i++)
        tls_rule_destroy(certificates->peers[i]);
    for (uint32_t i = 0; i < certificates->user_count; i++) {
        tls_rule_destroy(certificates->users[i].rule);
        free(certificates->users[i].user.gids);
    }
    free(certificates);
}

bool export_certificates_admit(const struct export_certificates *certificates,
                               const struct tls_peer *peer)
{
    for (uint32_t i = 0; i < certificates->peer_count; i++) {
        if (tls_rule_match(certificates->peers[i], peer))
            return true;
    }
    return certificates->peer_count == 0;
}

const struct export_user *export_certificates_user(const struct export_certificates *certificates,
                                                   const struct tls_peer *peer)
{
    for (uint32_t i = 0; i < certificates->user_count; i++) {
        if (tls_rule_match(certificates->users[i].rule, peer))
            return &certificates->users[i].user;
    }
    return NULL;
}
