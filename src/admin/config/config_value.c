/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config/config_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/setting.h"
#include "base/guess.h"

enum {
    SECURITY_FAULT_BYTES = 256
};

bool config_value_is_text(const struct document_node *node, const char *name, const char *wants,
                          struct config_faults *faults)
{
    if (node->refused)
        return false;
    if (node->kind != DOCUMENT_TEXT) {
        config_faults_add(faults, node->line, "%s wants %s, not %s", name, wants,
                          document_kind_name(node));
        return false;
    }
    if (document_is_nothing(node)) {
        config_faults_add(faults, node->line, "%s has no value: it wants %s; or remove the key",
                          name, wants);
        return false;
    }
    return true;
}

static bool refuse(const struct document_node *node, const char *name, const char *wants,
                   const char *more, struct config_faults *faults)
{
    config_faults_add(faults, node->line, "%s wants %s, not '%.64s'%s", name, wants, node->text,
                      more);
    return false;
}

static bool is_decimal(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool read_number(const struct document_node *node, const struct config_key *key,
                        const char *name, const char *wants, void *in, struct config_faults *faults)
{
    if (!node->plain)
        return refuse(node, name, wants, is_decimal(node->text) ? ": remove the quotes" : "",
                      faults);
    if (*node->text == '0' && strlen(node->text) > 1 && is_decimal(node->text))
        return refuse(node, name, wants, ": a decimal number does not begin with 0", faults);
    return config_key_parse(key, node->text, in) || refuse(node, name, wants, "", faults);
}

static bool read_word(const struct document_node *node, const struct config_key *key,
                      const char *name, const char *wants, void *in, struct config_faults *faults)
{
    char hint[GUESS_HINT_BYTES];
    struct guess guess;

    if (key->kind == CONFIG_FLAG && !node->plain)
        return refuse(node, name, wants, ": remove the quotes", faults);
    if (config_key_parse(key, node->text, in))
        return true;
    guess_init(&guess, node->text, strlen(node->text));
    for (size_t i = 0; i < CONFIG_WORDS_MAX && key->words[i]; i++)
        guess_offer(&guess, key->words[i]);
    return refuse(node, name, wants, guess_hint(&guess, "", hint, sizeof(hint)), faults);
}

/* The struct owns the copy. */
static void keep(const struct config_key *key, char *copy, void *in)
{
    char *old;

    CHECK(key->bytes == sizeof(copy));
    memcpy(&old, (char *)in + key->offset, sizeof(old));
    free(old);
    memcpy((char *)in + key->offset, &copy, sizeof(copy));
}

static bool read_text(const struct document_node *node, const struct config_key *key,
                      const char *name, const char *wants, void *in, struct config_faults *faults)
{
    char *copy;

    if (key->kind == CONFIG_ABSOLUTE_PATH && *node->text != '/')
        return refuse(node, name, wants, "", faults);
    if (strlen(node->text) >= LIMIT_PATH_BYTES) {
        config_faults_add(faults, node->line, "%s is longer than %u bytes: shorten it", name,
                          LIMIT_PATH_BYTES - 1);
        return false;
    }
    copy = key->kind == CONFIG_PATH ? export_path_normalise(node->text, strlen(node->text))
                                    : must_strdup(node->text);
    if (!copy)
        return refuse(node, name, wants, "", faults);
    keep(key, copy, in);
    return true;
}

static bool read_security(const struct document_node *node, const struct config_key *key,
                          const char *name, void *in,
                          bool (*set)(struct export_security *security, const char *text,
                                      char *error, size_t size),
                          struct config_faults *faults)
{
    char error[SECURITY_FAULT_BYTES];

    if (set((struct export_security *)((char *)in + key->offset), node->text, error, sizeof(error)))
        return true;
    config_faults_add(faults, node->line, "%s: %s", name, error);
    return false;
}

bool config_value_read(const struct document_node *node, const struct config_key *key,
                       const char *name, void *in, struct config_faults *faults)
{
    char text[CONFIG_WANTS_BYTES];
    const char *wants = config_key_wants(key, text);

    if (!config_value_is_text(node, name, wants, faults))
        return false;
    switch (key->kind) {
    case CONFIG_NUMBER:
        return read_number(node, key, name, wants, in, faults);
    case CONFIG_WORD:
    case CONFIG_FLAG:
        return read_word(node, key, name, wants, in, faults);
    case CONFIG_TEXT:
    case CONFIG_ABSOLUTE_PATH:
    case CONFIG_PATH:
        return read_text(node, key, name, wants, in, faults);
    case CONFIG_FLAVORS:
        return read_security(node, key, name, in, export_security_set_flavors, faults);
    case CONFIG_XPRTSECS:
        return read_security(node, key, name, in, export_security_set_xprtsecs, faults);
    case CONFIG_LISTEN_LIST:
    case CONFIG_ADMIN_LIST:
    case CONFIG_RULE_LIST:
    case CONFIG_CLIENT_LIST:
    case CONFIG_EXPORT_LIST:
    case CONFIG_SETTING_MAP:
        break;
    }
    CHECK(!"a key of one value");
    return false;
}

/* Where a key belongs that stands in a wrong map, or whose section is written before it. */
static const char *other_place(const char *name, const struct config_key *keys, size_t count,
                               char *text, size_t size)
{
    enum setting_id id;
    const char *dot = strchr(name, '.');

    for (size_t i = 0; dot && i < count; i++) {
        if (strcmp(keys[i].name, name) != 0)
            continue;
        (void)snprintf(text, size, ": write '%s' in the map '%.*s'", dot + 1, (int)(dot - name),
                       name);
        return text;
    }
    if (!setting_lookup(name, &id))
        return NULL;
    (void)snprintf(text, size, ": '%s' is a setting: write it in the map 'settings'", name);
    return text;
}

/* "log" of "log.level": the first word behind the section. */
static const char *next_word(const char *name, size_t skip, char *word, size_t size)
{
    (void)snprintf(word, size, "%.*s", (int)strcspn(name + skip, "."), name + skip);
    return word;
}

void config_value_unknown(const struct document_node *key, const char *section,
                          const struct config_key *keys, size_t count, struct config_faults *faults)
{
    char hint[GUESS_HINT_BYTES], words[CONFIG_KEY_COUNT][CONFIG_NAME_BYTES];
    char name[CONFIG_NAME_BYTES], place[3 * CONFIG_NAME_BYTES];
    size_t skip = strlen(section);
    const char *remedy;
    struct guess guess;

    _Static_assert((int)CONFIG_EXPORT_KEY_COUNT <= (int)CONFIG_KEY_COUNT,
                   "words[] fits both tables");
    CHECK(count <= CONFIG_KEY_COUNT);
    (void)snprintf(name, sizeof(name), "%s%s", section, key->text);
    guess_init(&guess, key->text, strlen(key->text));
    for (size_t i = 0; i < count; i++) {
        if (strncmp(keys[i].name, section, skip) == 0)
            guess_offer(&guess, next_word(keys[i].name, skip, words[i], sizeof(words[i])));
    }
    remedy = other_place(name, keys, count, place, sizeof(place));
    if (!remedy)
        remedy = guess.nearest ? guess_hint(&guess, "", hint, sizeof(hint))
                               : " (docs/config.md lists the keys)";
    config_faults_add(faults, key->line, "unknown key '%s%.64s'%s", section, key->text, remedy);
}
