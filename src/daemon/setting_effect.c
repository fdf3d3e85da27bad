/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/setting_effect.h"

#include <stdio.h>
#include <string.h>

#include "admin/minor_setting.h"
#include "base/log.h"
#include "proto/compound.h"

enum {
    ERROR_BYTES = 256
};

/* Requests that are under way end by the range that they found. */
static void obey(void *context, const struct setting_values *now)
{
    struct server *server = context;
    struct minor_range range = minor_setting_range(now);
    char text[MINOR_RANGE_TEXT_BYTES];

    atomic_store_explicit(&server->minors, range, memory_order_relaxed);
    minor_range_text(range, text);
    log_info("daemon.minor_versions", LOG_STR("served", text));
}

/* Those that somebody said something about. */
static void say_values(struct settings *settings)
{
    struct setting_state states[SETTING_COUNT];

    settings_list(settings, states);
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (states[i].origin != SETTING_DEFAULT)
            log_info("daemon.setting", LOG_STR("name", states[i].setting->name),
                     LOG_STR("value", states[i].value),
                     LOG_STR("origin", setting_origin_name(states[i].origin)));
    }
}

struct settings *setting_effect_open(int dir, const struct setting_option options[SETTING_COUNT],
                                     struct server *server, bool *wrong_options)
{
    struct settings_config config = {.dir = dir, .obey = obey, .context = server};
    enum settings_status status;
    struct settings *settings;
    char error[ERROR_BYTES];

    *wrong_options = false;
    memcpy(config.options, options, sizeof(config.options));
    settings = settings_open(&config, &status, error, sizeof(error));
    if (settings) {
        say_values(settings);
        return settings;
    }
    fprintf(stderr, "mainstayd: settings: %s\n", error);
    for (uint32_t i = 0; i < SETTING_COUNT; i++)
        *wrong_options |= status == SETTINGS_REFUSED && options[i].given;
    return NULL;
}

void setting_effect_reload(struct settings *settings)
{
    char error[ERROR_BYTES];

    if (settings_reload(settings, error, sizeof(error)) == SETTINGS_OK) {
        log_info("daemon.hangup", LOG_STR("read", "settings.db"));
        say_values(settings);
    } else {
        log_error("daemon.hangup", LOG_STR("error", error),
                  LOG_STR("note", "the settings stay as they were"));
    }
}
