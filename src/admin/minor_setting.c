/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/minor_setting.h"

#include <stdio.h>

static const struct setting_value *value_of(const struct setting_values *values, enum setting_id id)
{
    return &values->of[id];
}

bool minor_setting_ordered(const struct setting_values *values, char *error, size_t size)
{
    const struct setting_value *min = value_of(values, SETTING_MIN_MINOR_VERSION);
    const struct setting_value *max = value_of(values, SETTING_MAX_MINOR_VERSION);

    if (min->number <= max->number)
        return true;
    (void)snprintf(error, size, "%s %u (%s) is above %s %u (%s)",
                   setting_table[SETTING_MIN_MINOR_VERSION].name, min->number,
                   setting_origin_name(min->origin), setting_table[SETTING_MAX_MINOR_VERSION].name,
                   max->number, setting_origin_name(max->origin));
    return false;
}

bool minor_setting_built(const struct setting_values *values, char *error, size_t size)
{
    struct minor_range range = minor_setting_range(values);

    if (range.min <= range.max)
        return true;
    (void)snprintf(error, size, "%s %u (%s): this build has no NFSv4.0",
                   setting_table[SETTING_MAX_MINOR_VERSION].name,
                   value_of(values, SETTING_MAX_MINOR_VERSION)->number,
                   setting_origin_name(value_of(values, SETTING_MAX_MINOR_VERSION)->origin));
    return false;
}

struct minor_range minor_setting_range(const struct setting_values *values)
{
    uint32_t min = value_of(values, SETTING_MIN_MINOR_VERSION)->number;
    uint32_t max = value_of(values, SETTING_MAX_MINOR_VERSION)->number;

    return (struct minor_range){.min =
                                    (uint16_t)(min > MINOR_BUILT_FIRST ? min : MINOR_BUILT_FIRST),
                                .max = (uint16_t)(max < MINOR_BUILT_LAST ? max : MINOR_BUILT_LAST)};
}
