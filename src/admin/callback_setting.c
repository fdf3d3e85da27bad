/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/callback_setting.h"

#include <stdio.h>

#include "callback/callback_waits.h"

static bool is_default(const struct setting_values *values, enum setting_id id)
{
    return values->of[id].origin == SETTING_DEFAULT;
}

static uint64_t sum_ms(const struct callback_setting *waits)
{
    return callback_waits_sum_ms(waits->timeout_ms, waits->backoff_ms, waits->backoff_max_ms);
}

/* Halve a wait, but not below `min`.  False: it was set, or cannot become shorter. */
static bool halve(const struct setting_values *values, enum setting_id id, uint32_t min,
                  uint32_t *ms)
{
    uint32_t half = *ms / 2 > min ? *ms / 2 : min;

    if (!is_default(values, id) || half >= *ms)
        return false;
    *ms = half;
    return true;
}

static bool shorten(const struct setting_values *values, struct callback_setting *waits)
{
    bool done = halve(values, SETTING_CALLBACK_TIMEOUT_MS,
                      setting_table[SETTING_CALLBACK_TIMEOUT_MS].min, &waits->timeout_ms);

    done |= halve(values, SETTING_CALLBACK_BACKOFF_MS,
                  setting_table[SETTING_CALLBACK_BACKOFF_MS].min, &waits->backoff_ms);
    done |=
        halve(values, SETTING_CALLBACK_BACKOFF_MAX_MS, waits->backoff_ms, &waits->backoff_max_ms);
    return done;
}

/* Ensure that the first back-off does not exceed the longest one. */
static bool order(const struct setting_values *values, struct callback_setting *waits, char *error,
                  size_t size)
{
    if (waits->backoff_ms <= waits->backoff_max_ms)
        return true;
    if (is_default(values, SETTING_CALLBACK_BACKOFF_MS)) {
        waits->backoff_ms = waits->backoff_max_ms;
        return true;
    }
    if (is_default(values, SETTING_CALLBACK_BACKOFF_MAX_MS)) {
        waits->backoff_max_ms = waits->backoff_ms;
        return true;
    }
    (void)snprintf(error, size, "%s %u (%s) is above %s %u (%s)",
                   setting_table[SETTING_CALLBACK_BACKOFF_MS].name, waits->backoff_ms,
                   setting_origin_name(values->of[SETTING_CALLBACK_BACKOFF_MS].origin),
                   setting_table[SETTING_CALLBACK_BACKOFF_MAX_MS].name, waits->backoff_max_ms,
                   setting_origin_name(values->of[SETTING_CALLBACK_BACKOFF_MAX_MS].origin));
    return false;
}

/* Write the waits that were set as "NAME VALUE (ORIGIN), ". */
static size_t name_those_set(const struct setting_values *values, char *text, size_t size)
{
    static const enum setting_id ids[] = {SETTING_CALLBACK_TIMEOUT_MS, SETTING_CALLBACK_BACKOFF_MS,
                                          SETTING_CALLBACK_BACKOFF_MAX_MS};
    size_t len = 0;

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        const struct setting_value *value = &values->of[ids[i]];
        int more;

        if (value->origin == SETTING_DEFAULT)
            continue;
        more = snprintf(text + len, size - len, "%s %u (%s), ", setting_table[ids[i]].name,
                        value->number, setting_origin_name(value->origin));
        if (more < 0 || (size_t)more >= size - len)
            break;
        len += (size_t)more;
    }
    return len;
}

bool callback_setting_fit(const struct setting_values *values, uint32_t lease_s,
                          struct callback_setting *waits, char *error, size_t size)
{
    uint64_t lease_ms = (uint64_t)lease_s * 1000, sum;
    size_t len;

    *waits = (struct callback_setting){values->of[SETTING_CALLBACK_TIMEOUT_MS].number,
                                       values->of[SETTING_CALLBACK_BACKOFF_MS].number,
                                       values->of[SETTING_CALLBACK_BACKOFF_MAX_MS].number};
    if (!order(values, waits, error, size))
        return false;
    do {
        sum = sum_ms(waits);
        if (lease_s == 0 || sum < lease_ms)
            return true;
    } while (shorten(values, waits));
    len = name_those_set(values, error, size);
    (void)snprintf(error + len, size - len,
                   "callbacks could take %llu ms and must take less than the lease, %llu ms",
                   (unsigned long long)sum, (unsigned long long)lease_ms);
    return false;
}
