/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_place.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/api/api_clientid.h"
#include "admin/api/api_id.h"
#include "state/state.h"

enum {
    SHARD_CHARS = 2
};

void api_place_of_client_print(const struct htable_place *place, char cursor[API_CURSOR_BYTES])
{
    cursor[0] = '\0';
    if (!place->end)
        (void)snprintf(cursor, API_CURSOR_BYTES, "%016" PRIx64, place->next);
}

void api_place_of_session_print(const struct session_place *place, char cursor[API_CURSOR_BYTES])
{
    cursor[0] = '\0';
    if (!place->end)
        (void)snprintf(cursor, API_CURSOR_BYTES, "%02x%016" PRIx64, place->shard,
                       place->in_shard.next);
}

/* A place has the form of an ID. */
bool api_place_of_client_parse(const char *cursor, struct htable_place *place)
{
    *place = (struct htable_place){0};
    return cursor[0] == '\0' || api_clientid_parse(cursor, &place->next);
}

bool api_place_of_session_parse(const char *cursor, struct session_place *place)
{
    char digits[SHARD_CHARS + 1] = "";
    uint8_t shard;

    *place = (struct session_place){0};
    if (cursor[0] == '\0')
        return true;
    memcpy(digits, cursor, strnlen(cursor, SHARD_CHARS));
    if (!api_id_parse(digits, &shard, 1) || shard >= SESSION_SHARDS)
        return false;
    place->shard = shard;
    return api_clientid_parse(cursor + SHARD_CHARS, &place->in_shard.next);
}
