/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/identity_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/htable.h"
#include "base/limits.h"
#include "identity/identity_map_line.h"

enum map_index {
    BY_PRINCIPAL,
    BY_UID,
    BY_USER_NAME,
    BY_GID,
    BY_GROUP_NAME,
    INDEX_COUNT
};

/* What a line says. */
struct rule {
    struct hnode nodes[INDEX_COUNT];
    bool in[INDEX_COUNT];
    enum identity_map_kind kind;
    struct identity *identity; /* NULL: it names an account */
    char *account;             /* or ""; NULL: it names none */
    struct rule *next;
    uint32_t line; /* of the file */
    char name[];   /* the principal, or the group */
};

struct identity_map {
    struct rule *rules;
    uint32_t count;
    struct htable indexes[INDEX_COUNT];
};

static uint64_t text_hash(const char *text)
{
    return hash_bytes(text, strlen(text), 0);
}

/* ---- making one ---- */

/* "alice" of alice@REALM; "" for host/alice@REALM, which is no user's name. */
static void user_name_of(const char *principal, char name[IDENTITY_WORD_BYTES])
{
    const size_t len = (size_t)(strrchr(principal, '@') - principal);

    name[0] = '\0';
    if (memchr(principal, '/', len))
        return;
    memcpy(name, principal, len);
    name[len] = '\0';
}

static void rule_free(struct rule *rule)
{
    identity_put(rule->identity);
    free(rule->account);
    free(rule);
}

/* What a line with numbers says. */
static struct identity *identity_of_line(const struct identity_map_line *line)
{
    char name[IDENTITY_WORD_BYTES] = "";

    if (line->kind == IDENTITY_LINE_GROUP)
        memcpy(name, line->name, sizeof(name));
    else if (line->kind == IDENTITY_LINE_IDS && line->name[0] != '*')
        user_name_of(line->name, name);
    return identity_create(line->kind == IDENTITY_LINE_NOBODY ? IDENTITY_FROM_NOBODY
                                                              : IDENTITY_FROM_MAP,
                           line->uid, line->gid, name, line->gids, line->gid_count);
}

/* NULL without memory. */
static struct rule *rule_create(const struct identity_map_line *line, uint32_t at)
{
    struct rule *rule = calloc(1, sizeof(*rule) + strlen(line->name) + 1);

    if (!rule)
        return NULL;
    memcpy(rule->name, line->name, strlen(line->name) + 1);
    rule->kind = line->kind;
    rule->line = at;
    if (line->kind == IDENTITY_LINE_ACCOUNT)
        rule->account = strdup(line->account);
    else
        rule->identity = identity_of_line(line);
    if (rule->account || rule->identity)
        return rule;
    rule_free(rule);
    return NULL;
}

static void index_add(struct identity_map *map, enum map_index index, struct rule *rule,
                      uint64_t hash)
{
    htable_insert(&map->indexes[index], &rule->nodes[index], hash);
    rule->in[index] = true;
}

static const char *indexed_text(const struct rule *rule, enum map_index index)
{
    return index == BY_PRINCIPAL ? rule->name : rule->identity->name;
}

static struct rule *text_find(const struct identity_map *map, enum map_index index,
                              const char *text)
{
    struct hnode *node = htable_first(&map->indexes[index], text_hash(text));

    for (; node; node = htable_next(node)) {
        struct rule *rule = CONTAINER_OF(node - index, struct rule, nodes);

        if (strcmp(indexed_text(rule, index), text) == 0)
            return rule;
    }
    return NULL;
}

/* The hash of a number is its own. */
static struct rule *id_find(const struct identity_map *map, enum map_index index, uint32_t id)
{
    struct hnode *node = htable_first(&map->indexes[index], hash_u64(id));

    return node ? CONTAINER_OF(node - index, struct rule, nodes) : NULL;
}

/* Of several users with a number, or with a name (of several realms), the first one counts. */
static void user_add(struct identity_map *map, struct rule *rule)
{
    const char *name = rule->identity->name;

    if (!name[0])
        return;
    if (!id_find(map, BY_UID, rule->identity->uid))
        index_add(map, BY_UID, rule, hash_u64(rule->identity->uid));
    if (!text_find(map, BY_USER_NAME, name))
        index_add(map, BY_USER_NAME, rule, text_hash(name));
}

static const char *group_add(struct identity_map *map, struct rule *rule)
{
    if (text_find(map, BY_GROUP_NAME, rule->name))
        return "the group has a line already";
    index_add(map, BY_GROUP_NAME, rule, text_hash(rule->name));
    if (!id_find(map, BY_GID, rule->identity->gid))
        index_add(map, BY_GID, rule, hash_u64(rule->identity->gid));
    return NULL;
}

/* NULL, or what is wrong with the line. */
static const char *rule_add(struct identity_map *map, const struct identity_map_line *line,
                            uint32_t at)
{
    struct rule *rule;

    if (map->count == LIMIT_IDENTITY_MAP_LINES)
        return "the file has too many lines";
    rule = rule_create(line, at);
    if (!rule)
        return "out of memory";
    rule->next = map->rules;
    map->rules = rule;
    map->count++;
    if (line->kind == IDENTITY_LINE_GROUP)
        return group_add(map, rule);
    if (text_find(map, BY_PRINCIPAL, rule->name))
        return "the principal has a line already";
    index_add(map, BY_PRINCIPAL, rule, text_hash(rule->name));
    if (line->kind == IDENTITY_LINE_IDS)
        user_add(map, rule);
    return NULL;
}

static struct identity_map *map_create(void)
{
    struct identity_map *map = must_calloc(1, sizeof(*map));

    for (unsigned i = 0; i < INDEX_COUNT; i++)
        htable_init(&map->indexes[i], 1);
    return map;
}

/* NULL, or what is wrong in line *at. */
static const char *lines_take(struct identity_map *map, const char *text, size_t len, uint32_t *at)
{
    struct identity_map_line *line = must_malloc(sizeof(*line));
    const char *end = text + len, *wrong = NULL;

    for (*at = 1; text < end; (*at)++) {
        const char *eol = memchr(text, '\n', (size_t)(end - text));
        const size_t line_len = (size_t)((eol ? eol : end) - text);

        wrong = identity_map_line_parse(text, line_len, line);
        if (!wrong && line->kind != IDENTITY_LINE_EMPTY)
            wrong = rule_add(map, line, *at);
        if (wrong)
            break;
        text += line_len + (eol ? 1 : 0);
    }
    free(line);
    return wrong;
}

struct identity_map *identity_map_parse(const char *path, const char *text, size_t len,
                                        char error[IDENTITY_MAP_ERROR_BYTES])
{
    struct identity_map *map = map_create();
    uint32_t at;
    const char *wrong = lines_take(map, text, len, &at);

    if (!wrong)
        return map;
    (void)snprintf(error, IDENTITY_MAP_ERROR_BYTES, "%s:%u: %s", path, at, wrong);
    identity_map_destroy(map);
    return NULL;
}

/* The whole file; NULL and errno. */
static char *file_read(int fd, size_t *len)
{
    struct stat st;
    char *text;
    ssize_t got;

    if (fstat(fd, &st) != 0)
        return NULL;
    if (!S_ISREG(st.st_mode) || st.st_size > LIMIT_IDENTITY_MAP_BYTES) {
        errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
        return NULL;
    }
    text = malloc((size_t)st.st_size + 1);
    for (*len = 0; text && *len < (size_t)st.st_size; *len += (size_t)got) {
        got = read(fd, text + *len, (size_t)st.st_size - *len);
        if (got < 0) {
            free(text);
            return NULL;
        }
        if (got == 0)
            break;
    }
    return text;
}

struct identity_map *identity_map_read(const char *path, char error[IDENTITY_MAP_ERROR_BYTES])
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct identity_map *map = NULL;
    char *text = NULL;
    size_t len;

    if (fd >= 0)
        text = file_read(fd, &len);
    if (text)
        map = identity_map_parse(path, text, len, error);
    else
        (void)snprintf(error, IDENTITY_MAP_ERROR_BYTES, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(text);
    return map;
}

void identity_map_destroy(struct identity_map *map)
{
    if (!map)
        return;
    while (map->rules) {
        struct rule *rule = map->rules;

        map->rules = rule->next;
        for (unsigned i = 0; i < INDEX_COUNT; i++) {
            if (rule->in[i])
                htable_remove(&map->indexes[i], &rule->nodes[i]);
        }
        rule_free(rule);
    }
    for (unsigned i = 0; i < INDEX_COUNT; i++)
        htable_fini(&map->indexes[i]);
    free(map);
}

uint32_t identity_map_lines(const struct identity_map *map)
{
    return map->count;
}

/* ---- asking it ---- */

static enum identity_map_answer rule_answer(const struct rule *rule, const char *principal,
                                            struct identity **identity,
                                            char account[IDENTITY_WORD_BYTES])
{
    if (rule->identity) {
        *identity = identity_get(rule->identity);
        return IDENTITY_MAP_IDENTITY;
    }
    if (rule->account[0])
        memcpy(account, rule->account, strlen(rule->account) + 1);
    else
        user_name_of(principal, account);
    return rule->name[0] == '*' ? IDENTITY_MAP_ANY_ACCOUNT : IDENTITY_MAP_ACCOUNT;
}

/* NULL: there is none. */
static const struct rule *principal_find(const struct identity_map *map, const char *principal,
                                         bool is_machine)
{
    const char *at = strrchr(principal, '@');
    const struct rule *rule;
    char any[IDENTITY_WORD_BYTES];

    if (!at || strlen(principal) >= IDENTITY_WORD_BYTES)
        return NULL;
    rule = text_find(map, BY_PRINCIPAL, principal);
    /* With a `\` before it, the last `@` may stand within the realm: x@EVIL\@REALM. */
    if (!rule && !is_machine && at > principal && !strchr(principal, '\\') &&
        !memchr(principal, '/', (size_t)(at - principal))) {
        (void)snprintf(any, sizeof(any), "*%s", at);
        rule = text_find(map, BY_PRINCIPAL, any);
    }
    return rule;
}

enum identity_map_answer identity_map_principal(const struct identity_map *map,
                                                const char *principal, bool is_machine,
                                                struct identity **identity,
                                                char account[IDENTITY_WORD_BYTES])
{
    const struct rule *rule = principal_find(map, principal, is_machine);

    return rule ? rule_answer(rule, principal, identity, account) : IDENTITY_MAP_NOTHING;
}

uint32_t identity_map_line_of_principal(const struct identity_map *map, const char *principal,
                                        bool is_machine)
{
    const struct rule *rule = principal_find(map, principal, is_machine);

    return rule ? rule->line : 0;
}

uint32_t identity_map_line_of_user(const struct identity_map *map, uint32_t uid)
{
    const struct rule *rule = id_find(map, BY_UID, uid);

    return rule ? rule->line : 0;
}

static struct identity *identity_of_rule(const struct rule *rule)
{
    return rule ? identity_get(rule->identity) : NULL;
}

struct identity *identity_map_user(const struct identity_map *map, uint32_t uid)
{
    return identity_of_rule(id_find(map, BY_UID, uid));
}

struct identity *identity_map_user_named(const struct identity_map *map, const char *name)
{
    return identity_of_rule(text_find(map, BY_USER_NAME, name));
}

struct identity *identity_map_group(const struct identity_map *map, uint32_t gid)
{
    return identity_of_rule(id_find(map, BY_GID, gid));
}

struct identity *identity_map_group_named(const struct identity_map *map, const char *name)
{
    return identity_of_rule(text_find(map, BY_GROUP_NAME, name));
}
