/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/file_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json_print.h"
#include "cli/listing.h"
#include "cli/resource_command.h"

static const char items[] = "items";

/* The commands whose lists are shown, and what they are lists of. */
static const struct {
    const char *noun, *title;
} parts[] = {{"open", "opens"}, {"lock", "locks"}, {"delegation", "delegations"}};

static const struct command *list_command(const struct command_table *table, const char *noun)
{
    for (uint32_t i = 0; i < table->count; i++) {
        if (strcmp(table->of[i].noun, noun) == 0 && strcmp(table->of[i].verb, "list") == 0)
            return &table->of[i];
    }
    CHECK(!"a list that is not in the table");
    return NULL;
}

/* Their items by their titles.  NULL after telling why. */
static json_t *parts_get(const struct invocation *call, struct admin_client *client)
{
    char *file = admin_client_encode(client, call->arguments[0]), *path;
    json_t *all = json_object();

    for (size_t i = 0; i < ARRAY_SIZE(parts) && all; i++) {
        json_t *list;

        CHECK(asprintf(&path, "%s?path=%s", list_command(call->table, parts[i].noun)->path, file) >
              0);
        list = listing_get(client, path, items);
        if (list) {
            CHECK(json_object_set(all, parts[i].title, json_object_get(list, items)) == 0);
        } else {
            json_decref(all);
            all = NULL;
        }
        json_decref(list);
        free(path);
    }
    free(file);
    return all;
}

static void parts_print(const struct invocation *call, const json_t *all)
{
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        json_t *list = json_object_get(all, parts[i].title);
        bool empty = json_array_size(list) == 0;

        (void)printf("%s%s:%s\n", i > 0 ? "\n" : "", parts[i].title, empty ? " none" : "");
        if (!empty)
            resource_table_print(list_command(call->table, parts[i].noun)->columns, false, list);
    }
}

int file_show(const struct invocation *call)
{
    struct admin_client *client = resource_client(call);
    json_t *all = client ? parts_get(call, client) : NULL;
    int code = all ? COMMAND_OK : COMMAND_FAILED;

    if (all && call->globals[GLOBAL_JSON])
        json_print(all, stdout, false);
    else if (all)
        parts_print(call, all);
    json_decref(all);
    admin_client_destroy(client);
    return code;
}
