/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config/config_export.h"

#include <stdio.h>
#include <string.h>

#include "admin/config/config_value.h"

/* One item of the list. */
struct item {
    const struct document_node *node;
    uint32_t index;
    struct export_spec *spec;
    struct config_faults *faults;
    bool good;
};

static const struct config_key *key_lookup(const char *name)
{
    for (size_t i = 0; i < CONFIG_EXPORT_KEY_COUNT; i++) {
        if (strcmp(config_export_keys[i].name, name) == 0)
            return &config_export_keys[i];
    }
    return NULL;
}

static const char *item_name(const struct item *item, const char *key, char name[CONFIG_NAME_BYTES])
{
    (void)snprintf(name, CONFIG_NAME_BYTES, "exports[%u].%s", item->index, key);
    return name;
}

/* ---- lists ---- */

static bool client_add(struct export_spec *spec, const char *text, char *error, size_t size)
{
    (void)error, (void)size;
    return export_spec_add_client(spec, text);
}

static bool tls_peer_add(struct export_spec *spec, const char *text, char *error, size_t size)
{
    return export_rules_add_peer(&spec->tls_peers, text, error, size);
}

static bool tls_user_add(struct export_spec *spec, const char *text, char *error, size_t size)
{
    return export_rules_add_user(&spec->tls_users, text, error, size);
}

static uint32_t clients_count(const struct export_spec *spec)
{
    return spec->client_count;
}

static uint32_t tls_peers_count(const struct export_spec *spec)
{
    return spec->tls_peers.count;
}

static uint32_t tls_users_count(const struct export_spec *spec)
{
    return spec->tls_users.count;
}

static const struct list {
    const char *name, *wants, *example;
    bool (*add)(struct export_spec *spec, const char *text, char *error, size_t size);
    uint32_t (*count)(const struct export_spec *spec);
    uint32_t max;
    const char *full;  /* what to do when there are more */
    const char *empty; /* what an empty one would mean */
} lists[] = {
    {"clients", "ADDR or ADDR/BITS with a numeric address", "192.0.2.0/24", client_add,
     clients_count, LIMIT_EXPORT_CLIENTS, "name a network instead, for example 192.0.2.0/24",
     "admit everybody"},
    {"tls_peer", "a rule about certificates", "\"SAN=DNS:*.lab.example\"", tls_peer_add,
     tls_peers_count, LIMIT_EXPORT_RULES,
     "use a pattern instead, for example SAN=DNS:*.lab.example", "admit every certificate"},
    {"tls_user", "RULE=USER or RULE=UID:GID", "\"CN=web1.example=alice\"", tls_user_add,
     tls_users_count, LIMIT_EXPORT_RULES, "use a pattern instead, for example CN=*.example=alice",
     "change nothing"},
};

static const struct list *list_lookup(const char *name)
{
    size_t i = 0;

    while (strcmp(lists[i].name, name) != 0)
        CHECK(++i < ARRAY_SIZE(lists)); /* each list of the table of keys is there */
    return &lists[i];
}

static void list_item_read(struct item *item, const struct list *list,
                           const struct document_node *node)
{
    char error[256] = "";

    if (!config_value_is_text(node, list->name, list->wants, item->faults)) {
        item->good = false;
        return;
    }
    if (list->count(item->spec) < list->max &&
        list->add(item->spec, node->text, error, sizeof(error)))
        return;
    item->good = false;
    if (list->count(item->spec) == list->max)
        config_faults_add(item->faults, node->line, "%s: more than %u: %s", list->name, list->max,
                          list->full);
    else if (*error)
        config_faults_add(item->faults, node->line, "%s: '%.64s': %s", list->name, node->text,
                          error);
    else
        config_faults_add(item->faults, node->line, "%s wants %s, not '%.64s'; for example %s",
                          list->name, list->wants, node->text, list->example);
}

static void list_read(struct item *item, const struct list *list, const struct document_node *node)
{
    if (node->refused || node->kind != DOCUMENT_LIST) {
        item->good = false;
        if (!node->refused)
            config_faults_add(item->faults, node->line, "%s wants a list, not %s; for example [%s]",
                              list->name, document_kind_name(node), list->example);
        return;
    }
    if (!node->first) {
        item->good = false;
        config_faults_add(item->faults, node->line,
                          "%s is an empty list, which would %s: name some, or remove the key",
                          list->name, list->empty);
    }
    for (const struct document_node *one = node->first; one; one = one->next)
        list_item_read(item, list, one);
}

/* ---- an export ---- */

static void key_read(struct item *item, const struct document_node *key)
{
    const struct config_key *known = key_lookup(key->text);
    char name[CONFIG_NAME_BYTES];

    if (!known) {
        config_value_unknown(key, "", config_export_keys, CONFIG_EXPORT_KEY_COUNT, item->faults);
        item->good = false;
    } else if (known->kind == CONFIG_CLIENT_LIST || known->kind == CONFIG_RULE_LIST) {
        list_read(item, list_lookup(key->text), key->value);
    } else if (!config_value_read(key->value, known, item_name(item, key->text, name), item->spec,
                                  item->faults)) {
        item->good = false;
    }
}

/* Where the key stands; 0: it is not there. */
static uint32_t key_line(const struct item *item, const char *name)
{
    for (const struct document_node *key = item->node->first; key; key = key->next) {
        if (strcmp(key->text, name) == 0)
            return key->line;
    }
    return 0;
}

static void require(struct item *item, const char *key, const char *example)
{
    if (key_line(item, key) > 0)
        return;
    config_faults_add(item->faults, item->node->line, "exports[%u] has no %s; for example %s: %s",
                      item->index, key, key, example);
    item->good = false;
}

static void complete(struct item *item)
{
    char error[256];

    if (export_spec_complete(item->spec, error, sizeof(error)))
        return;
    config_faults_add(item->faults, item->node->line, "exports[%u]: %s", item->index, error);
    item->good = false;
}

static void item_read(struct item *item)
{
    if (item->node->refused || item->node->kind != DOCUMENT_MAP) {
        item->good = false;
        if (!item->node->refused)
            config_faults_add(item->faults, item->node->line,
                              "exports[%u] wants a map, not %s; for example { path: /data, "
                              "backend: local, argument: /srv/data }",
                              item->index, document_kind_name(item->node));
        return;
    }
    for (const struct document_node *key = item->node->first; key; key = key->next)
        key_read(item, key);
    require(item, "path", "/data");
    require(item, "backend", "local");
    complete(item);
    item->spec->has_fsid = item->spec->fsid != 0;
    if (!item->spec->arg)
        item->spec->arg = must_strdup("");
}

/* An earlier one of this path, or of this file system id?  Its own faults do not matter. */
static void item_compare(struct item *item, const struct config *config)
{
    for (uint32_t i = 0; i < config->export_count; i++) {
        const struct export_spec *other = &config->exports[i];

        if (other->path && strcmp(item->spec->path, other->path) == 0) {
            config_faults_add(item->faults, key_line(item, "path"),
                              "exports[%u].path: %s is exported by line %u already: give it "
                              "another path, or remove one of the two",
                              item->index, other->path, config->export_lines[i]);
            return;
        }
        if (item->spec->has_fsid && other->has_fsid && item->spec->fsid == other->fsid) {
            config_faults_add(item->faults, key_line(item, "fsid"),
                              "exports[%u].fsid: the export in line %u has the same: give it "
                              "another one, or remove the key",
                              item->index, config->export_lines[i]);
            return;
        }
    }
}

static void item_check(struct item *item, config_export_check *check)
{
    char error[512];
    const char *wrong = check ? check(item->spec, error, sizeof(error)) : NULL;

    if (!wrong)
        return;
    config_faults_add(item->faults, key_line(item, wrong), "%s", error);
}

void config_export_read(const struct document_node *node, struct config *config,
                        config_export_check *check, struct config_faults *faults)
{
    uint32_t index = 0;

    if (node->refused)
        return;
    if (node->kind != DOCUMENT_LIST) {
        config_faults_add(faults, node->line, "exports wants a list of maps, not %s",
                          document_kind_name(node));
        return;
    }
    for (const struct document_node *one = node->first; one; one = one->next, index++) {
        struct item item = {one, index, &config->exports[config->export_count], faults, true};

        if (index == LIMIT_EXPORTS) {
            config_faults_add(faults, one->line, "more than %u exports", LIMIT_EXPORTS);
            return;
        }
        export_spec_init(item.spec);
        item_read(&item);
        if (item.good)
            item_check(&item, check);
        if (item.spec->path)
            item_compare(&item, config);
        config->export_lines[config->export_count++] =
            item.spec->path ? key_line(&item, "path") : one->line;
    }
}
