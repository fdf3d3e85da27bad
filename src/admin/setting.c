/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/setting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bounds are what Mainstay knows, in any build: a file may go from one build to another. */
const struct setting setting_table[SETTING_COUNT] = {
    [SETTING_MIN_MINOR_VERSION] = {.name = "nfs.min_minor_version",
                                   .kind = SETTING_NUMBER,
                                   .min = 0,
                                   .max = 1,
                                   .usual = 0,
                                   .wants = "0 or 1 (NFSv4.2 is not built)",
                                   .help = "the lowest minor version of NFSv4 that is served"},
    [SETTING_MAX_MINOR_VERSION] = {.name = "nfs.max_minor_version",
                                   .kind = SETTING_NUMBER,
                                   .min = 0,
                                   .max = 1,
                                   .usual = 1,
                                   .wants = "0 or 1 (NFSv4.2 is not built)",
                                   .help = "the highest minor version of NFSv4 that is served"},
};

bool setting_lookup(const char *name, enum setting_id *id)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(setting_table[i].name, name) == 0) {
            *id = (enum setting_id)i;
            return true;
        }
    }
    return false;
}

bool setting_parse(enum setting_id id, const char *text, uint32_t *value)
{
    const struct setting *setting = &setting_table[id];
    unsigned long number;
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    number = strtoul(text, &end, 10);
    if (*end != '\0' || errno != 0 || number < setting->min || number > setting->max)
        return false;
    *value = (uint32_t)number;
    return true;
}

void setting_print(enum setting_id id, uint32_t value, char text[SETTING_TEXT_BYTES])
{
    (void)id; /* all are numbers */
    (void)snprintf(text, SETTING_TEXT_BYTES, "%u", value);
}

const char *setting_origin_name(enum setting_origin origin)
{
    switch (origin) {
    case SETTING_DEFAULT:
        return "default";
    case SETTING_STORED:
        return "stored";
    case SETTING_OPTION:
        return "option";
    }
    return "?";
}
