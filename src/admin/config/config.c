/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/callback_setting.h"
#include "admin/config/config_key.h"
#include "admin/minor_setting.h"

struct config *config_create(void)
{
    struct config *config = must_calloc(1, sizeof(*config));

    config_keys_default(config_keys, CONFIG_KEY_COUNT, config);
    return config;
}

static char *text_copy(const char *text)
{
    return text ? must_strdup(text) : NULL;
}

static void tls_copy(struct config_tls *to, const struct config_tls *from)
{
    *to = (struct config_tls){.cert = text_copy(from->cert),
                              .key = text_copy(from->key),
                              .ca = text_copy(from->ca),
                              .crl = text_copy(from->crl),
                              .offload = from->offload};
}

static void tls_fini(struct config_tls *tls)
{
    free(tls->cert);
    free(tls->key);
    free(tls->ca);
    free(tls->crl);
    *tls = (struct config_tls){0};
}

/* Let it have texts of its own. */
static void identity_copy(struct config_identity *identity)
{
    char **texts[] = {&identity->map, &identity->domain, &identity->realms};

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        *texts[i] = *texts[i] ? must_strdup(*texts[i]) : NULL;
}

static void identity_fini(struct config_identity *identity)
{
    free(identity->map);
    free(identity->domain);
    free(identity->realms);
    identity->map = identity->domain = identity->realms = NULL;
}

struct config *config_copy(const struct config *config)
{
    struct config *copy = must_malloc(sizeof(*copy));

    *copy = *config;
    copy->state_dir = text_copy(config->state_dir);
    copy->keytab = text_copy(config->keytab);
    config_admin_copy(&copy->admin, &config->admin);
    tls_copy(&copy->tls, &config->tls);
    identity_copy(&copy->identity);
    for (uint32_t i = 0; i < config->export_count; i++)
        export_spec_copy(&copy->exports[i], &config->exports[i]);
    return copy;
}

static void exports_drop(struct config *config)
{
    for (uint32_t i = 0; i < config->export_count; i++)
        export_spec_fini(&config->exports[i]);
    config->export_count = 0;
}

void config_fini(struct config *config)
{
    exports_drop(config);
    free(config->state_dir);
    config->state_dir = NULL;
    free(config->keytab);
    config->keytab = NULL;
    config_admin_fini(&config->admin);
    tls_fini(&config->tls);
    identity_fini(&config->identity);
}

void config_destroy(struct config *config)
{
    if (!config)
        return;
    config_fini(config);
    free(config);
}

/* ---- laying one over the other ---- */

static void tell_conflict(enum config_key_id id, const struct config *config,
                          const struct config *options,
                          void (*tell)(const struct config_conflict *conflict))
{
    char value[CONFIG_PRINT_BYTES], configured[CONFIG_PRINT_BYTES];
    const struct config_conflict conflict = {
        config_keys[id].option, config_key_print(id, options, value),
        config_key_print(id, config, configured), config->lines[id]};

    /* Exports of the same paths may differ in all else. */
    if (conflict.line > 0 &&
        (id == CONFIG_EXPORTS || strcmp(conflict.value, conflict.configured) != 0))
        tell(&conflict);
}

static void setting_conflict(enum setting_id id, const struct config *config,
                             const struct config *options,
                             void (*tell)(const struct config_conflict *conflict))
{
    char option[SETTING_NAME_BYTES + 8], value[SETTING_TEXT_BYTES], configured[SETTING_TEXT_BYTES];
    const struct config_conflict conflict = {
        options->setting_options[id] ? options->setting_options[id] : option, value, configured,
        config->setting_lines[id]};

    if (!config->initial[id].given || config->initial[id].number == options->options[id].number)
        return;
    (void)snprintf(option, sizeof(option), "--set %s", setting_table[id].name);
    setting_print(id, options->options[id].number, value);
    setting_print(id, config->initial[id].number, configured);
    tell(&conflict);
}

static void settings_overlay(struct config *config, const struct config *options,
                             void (*tell)(const struct config_conflict *conflict))
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (!options->options[i].given)
            continue;
        setting_conflict((enum setting_id)i, config, options, tell);
        config->options[i] = options->options[i];
    }
}

/* Let `config` have a text of `options`. */
static void text_move(const struct config_key *key, struct config *config, struct config *options)
{
    char *old, *text, *none = NULL;

    memcpy(&old, (char *)config + key->offset, sizeof(old));
    free(old);
    memcpy(&text, (char *)options + key->offset, sizeof(text));
    memcpy((char *)config + key->offset, &text, sizeof(text));
    memcpy((char *)options + key->offset, &none, sizeof(none));
}

/* The exports and texts that are moved belong to `config` from now on. */
static void key_overlay(enum config_key_id id, struct config *config, struct config *options)
{
    const struct config_key *key = &config_keys[id];

    switch (key->kind) {
    case CONFIG_NUMBER:
    case CONFIG_WORD:
    case CONFIG_FLAG:
        memcpy((char *)config + key->offset, (const char *)options + key->offset, key->bytes);
        return;
    case CONFIG_TEXT:
    case CONFIG_ABSOLUTE_PATH:
    case CONFIG_PATH:
        text_move(key, config, options);
        return;
    case CONFIG_ADMIN_LIST:
        config_admin_move(&config->admin, &options->admin);
        return;
    case CONFIG_LISTEN_LIST:
        memcpy(config->listen, options->listen, sizeof(config->listen));
        config->listen_count = options->listen_count;
        return;
    case CONFIG_EXPORT_LIST:
        exports_drop(config);
        memcpy(config->exports, options->exports, sizeof(config->exports));
        config->export_count = options->export_count;
        options->export_count = 0;
        memset(config->export_lines, 0, sizeof(config->export_lines));
        return;
    case CONFIG_FLAVORS: /* of an export */
    case CONFIG_XPRTSECS:
    case CONFIG_RULE_LIST:
    case CONFIG_CLIENT_LIST:
    case CONFIG_SETTING_MAP:
        return;
    }
}

void config_overlay(struct config *config, struct config *options,
                    void (*tell)(const struct config_conflict *conflict))
{
    for (uint32_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (!options->by_option[i])
            continue;
        tell_conflict((enum config_key_id)i, config, options, tell);
        key_overlay((enum config_key_id)i, config, options);
        config->by_option[i] = true;
        config->lines[i] = 0;
    }
    settings_overlay(config, options, tell);
}

static uint32_t shared_number(const struct config *config, enum setting_id id)
{
    switch (id) {
    case SETTING_LEASE_S:
        return config->lease_s;
    case SETTING_GRACE_S:
        return config->grace_s;
    case SETTING_SLOTS:
        return config->slots;
    case SETTING_REPLY_CACHE_MIB:
        return config->reply_cache_mib;
    case SETTING_LOG_LEVEL:
        return config->log_level;
    default:
        CHECK(id == SETTING_LOG_FORMAT);
        return config->log_json;
    }
}

void config_share_settings(struct config *config)
{
    for (uint32_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        const enum setting_id id = config_keys[i].setting;
        struct setting_option said = {.given = true};

        if (config_keys[i].when != CONFIG_AS_SETTING)
            continue;
        said.number = shared_number(config, id);
        if (config->by_option[i] && !config->options[id].given)
            config->options[id] = said;
        if (config->lines[i] > 0 && !config->initial[id].given)
            config->initial[id] = said;
    }
}

void config_settings(const struct config *config, struct setting_values *values)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (config->options[i].given)
            values->of[i] = (struct setting_value){config->options[i].number, SETTING_OPTION};
        else if (config->initial[i].given)
            values->of[i] = (struct setting_value){config->initial[i].number, SETTING_FILE};
        else
            values->of[i] = (struct setting_value){setting_table[i].usual, SETTING_DEFAULT};
    }
}

static uint32_t last_line(const struct config *config, const enum setting_id *ids, size_t count)
{
    uint32_t line = 0;

    for (size_t i = 0; i < count; i++) {
        if (config->setting_lines[ids[i]] > line)
            line = config->setting_lines[ids[i]];
    }
    return line;
}

bool config_settings_fit(const struct config *config, uint32_t *line, char *error, size_t size)
{
    static const enum setting_id minors[] = {SETTING_MIN_MINOR_VERSION, SETTING_MAX_MINOR_VERSION};
    static const enum setting_id callbacks[] = {
        SETTING_CALLBACK_TIMEOUT_MS, SETTING_CALLBACK_BACKOFF_MS, SETTING_CALLBACK_BACKOFF_MAX_MS};
    uint32_t lease_s = config->lease_s;
    struct setting_values values;
    struct callback_setting waits;

    config_settings(config, &values);
    if (values.of[SETTING_LEASE_S].origin != SETTING_DEFAULT)
        lease_s = values.of[SETTING_LEASE_S].number;
    *line = last_line(config, minors, ARRAY_SIZE(minors));
    if (!minor_setting_ordered(&values, error, size) || !minor_setting_built(&values, error, size))
        return false;
    *line = last_line(config, callbacks, ARRAY_SIZE(callbacks));
    if (*line == 0)
        *line = config->lines[CONFIG_LEASE];
    return callback_setting_fit(&values, lease_s, &waits, error, size);
}
