/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "cli/top_rows.h"
#include "cli/value_text.h"

/* Add the requests each second of each session to those of its client. */
static json_t *client_rates(const struct top_rows *rows)
{
    json_t *rates = json_object(), *session;
    json_t *old = rows->before ? top_rows_index(rows->before->more, "id") : NULL;
    size_t i;

    json_array_foreach(rows->last->more, i, session)
    {
        const char *id = top_rows_text_of(session, "id"),
                   *client = top_rows_text_of(session, "client");
        double rate = id ? top_rows_rate(rows, json_object_get(old, id), session, "requests") : NAN;

        if (client && !isnan(rate))
            (void)json_object_set_new(
                rates, client, json_real(rate + json_number_value(json_object_get(rates, client))));
    }
    json_decref(old);
    return rates;
}

void top_rows_clients(const struct top_rows *rows)
{
    static const char *const numbers[] = {"sessions", "opens", "locks", "delegations"};
    json_t *rates = client_rates(rows), *client;
    size_t i;

    json_array_foreach(rows->last->items, i, client)
    {
        const char *id = top_rows_text_of(client, "id");
        struct top_row *row = top_table_add(rows->table, id ? id : "");

        top_rows_text(row, 0, client, "owner");
        top_rows_text(row, 1, client, "kind");
        top_rows_text(row, 2, client, "address");
        top_rows_text(row, 3, client, "security");
        if (json_object_get(rates, row->key))
            row->cells[4].number = json_number_value(json_object_get(rates, row->key));
        for (uint32_t n = 0; n < ARRAY_SIZE(numbers); n++)
            top_rows_number(row, 5 + n, client, numbers[n]);
        top_rows_text(row, 9, client, "callback_path");
        row->is_odd = strcmp(
            top_rows_text_of(client, "state") ? top_rows_text_of(client, "state") : "", "active");
    }
    json_decref(rates);
}

void top_rows_sessions(const struct top_rows *rows)
{
    json_t *old = rows->before ? top_rows_index(rows->before->items, "id") : NULL, *session;
    size_t i;

    json_array_foreach(rows->last->items, i, session)
    {
        const char *id = top_rows_text_of(session, "id");
        struct top_row *row = top_table_add(rows->table, id ? id : "");

        top_rows_text(row, 0, session, "id");
        top_rows_text(row, 1, session, "client_owner");
        row->cells[2].number =
            top_rows_rate(rows, json_object_get(old, row->key), session, "requests");
        top_rows_number(row, 3, session, "slots_in_use");
        top_rows_number(row, 4, session, "slots");
        top_rows_number(row, 5, session, "highest_slot");
        top_rows_number(row, 6, session, "requests");
        top_rows_number(row, 7, session, "last_activity_s");
        top_rows_text(row, 8, session, "back_channel");
        row->is_odd = row->cells[3].number > 0 && row->cells[3].number >= row->cells[4].number;
    }
    json_decref(old);
}

static const char *or_none(const char *text)
{
    return text && *text ? text : "-";
}

void top_rows_client(const struct top_rows *rows)
{
    struct top_table *table = rows->table;
    const json_t *client = rows->last->detail, *reason;
    char silent[TOP_CELL_BYTES];
    size_t i;

    if (!client) {
        top_table_note(table, "client %s: it is gone", rows->last->place.id);
        return;
    }
    top_print_seconds(top_number(client, "lease_age_s"), silent);
    top_table_note(table, "%s", or_none(top_rows_text_of(client, "owner")));
    top_table_note(table, "%s  NFSv%s  %s  %s  id %s", or_none(top_rows_text_of(client, "address")),
                   or_none(top_rows_text_of(client, "kind")),
                   or_none(top_rows_text_of(client, "security")),
                   or_none(top_rows_text_of(client, "implementation.name")), rows->last->place.id);
    top_table_note(table,
                   "%s, silent for %s  opens %.0f  locks %.0f  delegations %.0f  callbacks %s",
                   or_none(top_rows_text_of(client, "state")), silent, top_number(client, "opens"),
                   top_number(client, "locks"), top_number(client, "delegations"),
                   or_none(top_rows_text_of(client, "callback_path")));
    json_array_foreach(json_object_get(client, "waits"), i, reason)
        top_table_note(table, "waits: %s", or_none(json_string_value(reason)));
    top_rows_sessions(rows);
}

static const json_t *slot_find(const struct top_sample *sample, const json_t *like)
{
    const json_t *slot;
    size_t i;

    json_array_foreach(json_object_get(sample ? sample->detail : NULL, "slot_states"), i, slot)
    {
        if (json_equal(json_object_get(slot, "slot"), json_object_get(like, "slot")))
            return slot;
    }
    return NULL;
}

static void slots_fill(const struct top_rows *rows)
{
    const json_t *slot;
    size_t i;

    json_array_foreach(json_object_get(rows->last->detail, "slot_states"), i, slot)
    {
        struct top_row *row;
        char key[32];

        (void)snprintf(key, sizeof(key), "%08.0f", top_number(slot, "slot"));
        row = top_table_add(rows->table, key);
        top_rows_number(row, 0, slot, "slot");
        top_row_text(row, 1, json_is_true(json_object_get(slot, "in_use")) ? "in use" : "free");
        row->cells[2].number = top_rows_rate(rows, slot_find(rows->before, slot), slot, "requests");
        top_rows_number(row, 3, slot, "requests");
    }
}

void top_rows_session(const struct top_rows *rows)
{
    const json_t *session = rows->last->detail;
    char idle[TOP_CELL_BYTES];

    if (!session) {
        top_table_note(rows->table, "session %s: it is gone", rows->last->place.id);
        return;
    }
    top_print_seconds(top_number(session, "last_activity_s"), idle);
    top_table_note(rows->table, "session %s", rows->last->place.id);
    top_table_note(rows->table, "of %s", or_none(top_rows_text_of(session, "client_owner")));
    top_table_note(rows->table,
                   "%.0f of %.0f slots in use  connections %zu  callbacks %s  idle for %s",
                   top_number(session, "slots_in_use"), top_number(session, "slots"),
                   json_array_size(json_object_get(session, "connections")),
                   or_none(top_rows_text_of(session, "back_channel")), idle);
    slots_fill(rows);
}
