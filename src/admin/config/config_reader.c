/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config/config_reader.h"

#include <stdio.h>
#include <string.h>

#include "admin/config/config_bytes.h"
#include "admin/config/config_value.h"
#include "admin/config/document.h"
#include "base/guess.h"

enum {
    PATH_ERROR_BYTES = 512
};

struct reader {
    struct config *config;
    struct config_faults *faults;
    config_export_check *check;
    const struct config_path_check *paths; /* NULL: nobody looks */
    bool unsure;                           /* a setting, or what it has to fit, could not be read */
};

/* ---- addresses ---- */

static void address_read(struct reader *reader, const struct document_node *node)
{
    static const char wants[] = "ADDR:PORT; IPv6 in quotes, \"[::1]:2049\"";
    struct config *config = reader->config;

    if (!config_value_is_text(node, "listen", wants, reader->faults))
        return;
    if (config->listen_count == LIMIT_LISTENERS) {
        config_faults_add(reader->faults, node->line, "listen: more than %u addresses",
                          LIMIT_LISTENERS);
        return;
    }
    if (listen_address_parse(node->text, &config->listen[config->listen_count]))
        config->listen_count++;
    else
        config_faults_add(reader->faults, node->line,
                          "listen: '%.64s': %s; for example 127.0.0.1:2049 or \"[::1]:2049\"",
                          node->text, listen_address_mistake(node->text));
}

static void admin_read(struct reader *reader, const struct document_node *node)
{
    char error[256];

    if (config_value_is_text(node, "admin", "unix:PATH, ADDR:PORT or none", reader->faults) &&
        !config_admin_add(&reader->config->admin, node->text, error, sizeof(error)))
        config_faults_add(reader->faults, node->line, "admin %s", error);
}

/* Each item of a list by read_one(). */
static void addresses_read(struct reader *reader, const struct document_node *node,
                           const char *name, const char *example,
                           void (*read_one)(struct reader *, const struct document_node *))
{
    if (node->refused)
        return;
    if (node->kind != DOCUMENT_LIST || !node->first) {
        config_faults_add(reader->faults, node->line,
                          "%s wants a list of addresses, not %s; for example [%s]", name,
                          node->kind == DOCUMENT_LIST ? "an empty list" : document_kind_name(node),
                          example);
        return;
    }
    for (const struct document_node *one = node->first; one; one = one->next)
        read_one(reader, one);
}

/* ---- settings ---- */

static void setting_unknown(struct reader *reader, const struct document_node *key)
{
    char hint[GUESS_HINT_BYTES];
    struct guess guess;

    guess_init(&guess, key->text, strlen(key->text));
    for (uint32_t i = 0; i < SETTING_COUNT; i++)
        guess_offer(&guess, setting_table[i].name);
    config_faults_add(reader->faults, key->line, "there is no setting '%.64s'%s%s", key->text,
                      guess_hint(&guess, "", hint, sizeof(hint)),
                      guess.nearest ? "" : " (mainstayd --set help lists them)");
}

static void setting_read(struct reader *reader, const struct document_node *key)
{
    struct setting_option *into;
    enum setting_id id;

    if (!setting_lookup(key->text, &id)) {
        setting_unknown(reader, key);
        return;
    }
    if (!config_value_is_text(key->value, key->text, setting_table[id].wants, reader->faults))
        return;
    into = &reader->config->initial[id];
    into->given = key->value->plain && setting_parse(id, key->value->text, &into->number);
    reader->config->setting_lines[id] = key->line;
    if (!into->given)
        config_faults_add(reader->faults, key->value->line, "%s wants %s, not '%.64s'%s", key->text,
                          setting_table[id].wants, key->value->text,
                          key->value->plain ? "" : ": remove the quotes");
}

static void settings_read(struct reader *reader, const struct document_node *node)
{
    uint32_t before = reader->faults->count;

    if (node->refused)
        return;
    if (node->kind != DOCUMENT_MAP) {
        config_faults_add(reader->faults, node->line,
                          "settings wants a map, not %s; for example { nfs.delegations: 0 }",
                          document_is_nothing(node) ? "nothing" : document_kind_name(node));
        return;
    }
    for (const struct document_node *key = node->first; key; key = key->next)
        setting_read(reader, key);
    reader->unsure |= reader->faults->count > before;
}

/* ---- keys ---- */

static void path_check(struct reader *reader, enum config_key_id id,
                       const struct document_node *node)
{
    char error[PATH_ERROR_BYTES];
    const char *path;

    if (!reader->paths ||
        (id != CONFIG_STATE && id != CONFIG_ADMIN_TOKEN && id != CONFIG_IDENTITY_MAP))
        return;
    memcpy(&path, (const char *)reader->config + config_keys[id].offset, sizeof(path));
    if (!reader->paths->look(reader->paths->context, id, path, error, sizeof(error)))
        config_faults_add(reader->faults, node->line, "%s %s", config_keys[id].name, error);
}

static void key_read(struct reader *reader, enum config_key_id id, const struct document_node *node)
{
    const struct config_key *key = &config_keys[id];

    switch (key->kind) {
    case CONFIG_NUMBER:
    case CONFIG_WORD:
    case CONFIG_FLAG:
    case CONFIG_TEXT:
    case CONFIG_ABSOLUTE_PATH:
    case CONFIG_PATH:
        if (config_value_read(node, key, key->name, reader->config, reader->faults))
            path_check(reader, id, node);
        else
            reader->unsure |= id == CONFIG_LEASE;
        return;
    case CONFIG_LISTEN_LIST:
        addresses_read(reader, node, "listen", "127.0.0.1:2049", address_read);
        return;
    case CONFIG_ADMIN_LIST:
        addresses_read(reader, node, "admin", "127.0.0.1:9101", admin_read);
        return;
    case CONFIG_EXPORT_LIST:
        config_export_read(node, reader->config, reader->check, reader->faults);
        return;
    case CONFIG_SETTING_MAP:
        settings_read(reader, node);
        return;
    case CONFIG_FLAVORS: /* of an export */
    case CONFIG_XPRTSECS:
    case CONFIG_RULE_LIST:
    case CONFIG_CLIENT_LIST:
        return;
    }
}

/* Keys in `section`, which is "" or ends with a dot. */
static void map_read(struct reader *reader, const struct document_node *map, const char *section);

/* Does the name of a key of the table begin so? */
static bool is_section(const char *section)
{
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (strncmp(config_keys[i].name, section, strlen(section)) == 0)
            return true;
    }
    return false;
}

static void section_read(struct reader *reader, const struct document_node *key,
                         const char *section)
{
    if (key->value->refused)
        return;
    if (key->value->kind == DOCUMENT_MAP)
        map_read(reader, key->value, section);
    else
        config_faults_add(reader->faults, key->value->line,
                          "%s wants a map, not %s; its keys stand below it, indented", key->text,
                          document_is_nothing(key->value) ? "nothing"
                                                          : document_kind_name(key->value));
}

/* Which key has this name, of `len` bytes?  CONFIG_KEY_COUNT: none. */
static size_t key_lookup(const char *name, size_t len)
{
    size_t i = 0;

    while (i < CONFIG_KEY_COUNT &&
           (strncmp(config_keys[i].name, name, len) != 0 || config_keys[i].name[len] != '\0'))
        i++;
    return i;
}

static void pair_read(struct reader *reader, const struct document_node *key, const char *section)
{
    char name[CONFIG_NAME_BYTES]; /* as a section, with a dot at its end */
    int len = snprintf(name, sizeof(name), "%s%s.", section, key->text);
    bool is_word = *key->text && !strchr(key->text, '.') && (size_t)len < sizeof(name);
    size_t id = is_word ? key_lookup(name, (size_t)len - 1) : CONFIG_KEY_COUNT;

    if (id < CONFIG_KEY_COUNT) {
        reader->config->lines[id] = key->line;
        key_read(reader, (enum config_key_id)id, key->value);
    } else if (is_word && is_section(name)) {
        section_read(reader, key, name);
    } else {
        config_value_unknown(key, section, config_keys, CONFIG_KEY_COUNT, reader->faults);
    }
}

static void map_read(struct reader *reader, const struct document_node *map, const char *section)
{
    for (const struct document_node *key = map->first; key; key = key->next)
        pair_read(reader, key, section);
}

/* ---- the whole ---- */

static void document_take(struct reader *reader, const struct document *document)
{
    const struct document_node *root = document->root;

    if (!root || document_is_nothing(root)) {
        config_faults_add(reader->faults, 1,
                          "it says nothing: name at least what to serve, "
                          "for example exports: [{ path: /, backend: mem }]");
        return;
    }
    if (root->refused)
        return;
    if (root->kind == DOCUMENT_MAP)
        map_read(reader, root, "");
    else
        config_faults_add(reader->faults, root->line,
                          "a map of keys is expected, not %s: docs/config.md has an example",
                          document_kind_name(root));
}

static void fit_check(struct reader *reader)
{
    char error[256];
    uint32_t line;

    if (!reader->unsure && !config_settings_fit(reader->config, &line, error, sizeof(error)))
        config_faults_add(reader->faults, line, "%s", error);
}

static struct config *bytes_read(struct reader *reader, const char *bytes, size_t len)
{
    struct document document;

    reader->config = config_create();
    if (document_read(&document, bytes, len, reader->faults)) {
        document_take(reader, &document);
        fit_check(reader);
    }
    document_fini(&document);
    if (reader->faults->count == 0)
        return reader->config;
    config_faults_sort(reader->faults);
    config_destroy(reader->config);
    return NULL;
}

struct config *config_read_bytes(const char *bytes, size_t len, config_export_check *check,
                                 struct config_faults *faults)
{
    struct reader reader = {.faults = faults, .check = check};

    return bytes_read(&reader, bytes, len);
}

struct config *config_read(const char *path, config_export_check *check,
                           const struct config_path_check *paths, struct config_faults *faults)
{
    struct reader reader = {.faults = faults, .check = check, .paths = paths};
    struct config *config;
    struct config_bytes bytes;

    if (!config_bytes_load(path, &bytes, faults))
        return NULL;
    config = bytes_read(&reader, bytes.data, bytes.len);
    config_bytes_fini(&bytes);
    return config;
}
