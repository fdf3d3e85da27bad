/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration files: what is taken is a whole configuration, what is not has faults that can be
 * printed, each in a line that is there.
 */
#include <string.h>

#include "admin/config/config_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_faults(const struct config_faults *faults, size_t size)
{
    CHECK(faults->count >= faults->kept && faults->kept > 0);
    for (uint32_t i = 0; i < faults->kept; i++) {
        CHECK(faults->of[i].line <= size + 1);
        CHECK(i == 0 || faults->of[i - 1].line <= faults->of[i].line);
        for (const char *c = faults->of[i].text; *c; c++)
            CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
    }
}

static void check_export(const struct export_spec *spec)
{
    CHECK(spec->path && *spec->path == '/' && spec->backend && spec->arg);
    CHECK(spec->squash <= EXPORT_ALL_SQUASH && spec->ports <= EXPORT_PORTS_INSECURE);
    CHECK(spec->client_count <= LIMIT_EXPORT_CLIENTS);
}

static void check_config(const struct config *config)
{
    CHECK(config->listen_count <= LIMIT_LISTENERS && config->export_count <= LIMIT_EXPORTS);
    CHECK(config->threads <= LIMIT_LOOPS && config->lease_s <= LIMIT_LEASE_S);
    CHECK(config->slots <= LIMIT_SLOTS && config->log_level <= LOG_LEVEL_DEBUG);
    for (uint32_t i = 0; i < config->export_count; i++)
        check_export(&config->exports[i]);
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting_option *said = &config->initial[i];

        CHECK(!said->given ||
              (said->number >= setting_table[i].min && said->number <= setting_table[i].max));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_faults faults = {0};
    struct config *config;

    if (size > LIMIT_CONFIG_BYTES)
        return 0;
    config = config_read_bytes((const char *)data, size, NULL, &faults);
    if (config)
        check_config(config);
    else
        check_faults(&faults, size);
    config_destroy(config);
    config_faults_fini(&faults);
    return 0;
}
