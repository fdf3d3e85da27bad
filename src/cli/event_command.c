/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/event_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json_print.h"
#include "cli/printable.h"
#include "cli/resource_command.h"

/* What stands first, without its name. */
static const char *const heads[] = {"time", "level", "event"};

static bool is_head(const char *member)
{
    for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
        if (strcmp(heads[i], member) == 0)
            return true;
    }
    return false;
}

/* Texts have their quotes, as in the log, so that what finds a line there finds it here. */
static char *field_text(const json_t *value)
{
    return json_is_string(value) ? json_dumps(value, JSON_ENCODE_ANY)
                                 : value_text(value, VALUE_PLAIN);
}

static void event_write(json_t *event, FILE *out)
{
    const char *member;
    json_t *value;

    for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
        char *text = value_text(json_object_get(event, heads[i]), VALUE_PLAIN);

        (void)fprintf(out, "%s%s", text ? text : "-", i + 1 < ARRAY_SIZE(heads) ? " " : "");
        free(text);
    }
    json_object_foreach(event, member, value)
    {
        char *text = is_head(member) ? NULL : field_text(value);

        if (text)
            (void)fprintf(out, " %s=%s", member, text);
        free(text);
    }
}

static void event_print(json_t *event)
{
    char *text, *shown;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    CHECK(out);
    event_write(event, out);
    CHECK(fclose(out) == 0);
    shown = printable_text(text);
    (void)puts(shown);
    free(shown);
    free(text);
}

struct reader {
    const struct invocation *call;
    bool lost; /* the data that follows says how many lines were lost */
};

static void lost_print(const json_t *data)
{
    char *lines = value_text(json_object_get(data, "lines"), VALUE_PLAIN);

    char *shown = printable_text(lines ? lines : "some");

    (void)printf("(%s lost: this reader was too slow)\n", shown);
    free(shown);
    free(lines);
}

static void data_print(const struct reader *reader, json_t *data)
{
    if (reader->call->globals[GLOBAL_JSON])
        json_print(data, stdout, true);
    else if (reader->lost)
        lost_print(data);
    else if (json_is_object(data))
        event_print(data);
}

/* What stands behind the name of a field; NULL: the line is another one. */
static const char *field_value(const char *line, const char *name)
{
    size_t len = strlen(name);

    return strncmp(line, name, len) == 0 ? line + len : NULL;
}

/* A line of server-sent events: "event: lost", "data: JSON", or "" at the end of an event.  False:
 * stdout is gone. */
static bool line_take(void *context, const char *line)
{
    struct reader *reader = context;
    const char *event = field_value(line, "event: "), *text = field_value(line, "data: ");
    json_t *data = text ? json_loads(text, 0, NULL) : NULL;

    if (event)
        reader->lost = strcmp(event, "lost") == 0;
    if (data)
        data_print(reader, data);
    if (!*line)
        reader->lost = false;
    json_decref(data);
    return fflush(stdout) == 0;
}

int event_follow(const struct invocation *call)
{
    struct admin_client *client = resource_client(call);
    char *path = client ? resource_path(call, client) : NULL;
    struct reader reader = {.call = call};
    bool ok = path && admin_client_stream(client, path, line_take, &reader);

    free(path);
    admin_client_destroy(client);
    return ok ? COMMAND_OK : COMMAND_FAILED;
}
