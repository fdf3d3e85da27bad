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

static void client_read(struct item *item, const struct document_node *node)
{
    static const char wants[] = "ADDR or ADDR/BITS with a numeric address";

    if (!config_value_is_text(node, "clients", wants, item->faults)) {
        item->good = false;
        return;
    }
    if (item->spec->client_count < LIMIT_EXPORT_CLIENTS &&
        export_spec_add_client(item->spec, node->text))
        return;
    item->good = false;
    if (item->spec->client_count == LIMIT_EXPORT_CLIENTS)
        config_faults_add(item->faults, node->line,
                          "clients: more than %u: name a network instead, for example 192.0.2.0/24",
                          LIMIT_EXPORT_CLIENTS);
    else
        config_faults_add(item->faults, node->line,
                          "clients wants %s, not '%.64s'; for example 192.0.2.0/24", wants,
                          node->text);
}

static void clients_read(struct item *item, const struct document_node *node)
{
    if (node->refused || node->kind != DOCUMENT_LIST) {
        item->good = false;
        if (!node->refused)
            config_faults_add(item->faults, node->line,
                              "clients wants a list, not %s; for example [192.0.2.0/24]",
                              document_kind_name(node));
        return;
    }
    if (!node->first) {
        item->good = false;
        config_faults_add(item->faults, node->line,
                          "clients is an empty list, which would admit "
                          "everybody: name some, or remove the key");
    }
    for (const struct document_node *one = node->first; one; one = one->next)
        client_read(item, one);
}

static void key_read(struct item *item, const struct document_node *key)
{
    const struct config_key *known = key_lookup(key->text);
    char name[CONFIG_NAME_BYTES];

    if (!known) {
        config_value_unknown(key, "", config_export_keys, CONFIG_EXPORT_KEY_COUNT, item->faults);
        item->good = false;
    } else if (known->kind == CONFIG_CLIENT_LIST) {
        clients_read(item, key->value);
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
    if (node->kind != DOCUMENT_LIST || !node->first) {
        config_faults_add(faults, node->line, "exports wants a list of maps, not %s",
                          node->kind == DOCUMENT_LIST ? "an empty list" : document_kind_name(node));
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
