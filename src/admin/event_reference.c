/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/event_reference.h"

#include <string.h>

#include "admin/event.h"
#include "base/log_part.h"

static const char introduction[] =
    "<!-- made by `mainstayd --event-reference`; change src/admin/event.c instead -->\n"
    "# Events of the log\n"
    "\n"
    "A line of the log is `TIME LEVEL EVENT KEY=VALUE...`, or a JSON object with `time`, `level`, `event` and the keys.\n"
    "`docs/log.md` says how to choose level and format. These are all events.\n"
    "\n"
    "- An event has all of its fields, or those that fit the case. `...` stands for counters, which that page explains.\n"
    "- `client` is the ID of a client, `session` that of a session, both in hexadecimal; `peer` is an address,\n"
    "  `connection` a number that other lines about the same connection have, too; `status` is the number of an NFS\n"
    "  error (NFS4ERR_...), `errno` that of an error of Linux.\n"
    "- Every event above level debug is limited to 100 lines in a second, unless its row names another limit.\n"
    "  The next line says how many were left out before it (`left_out`), or an event `..._left_out` says that.\n"
    "- \"What to do\" is empty where nothing is wrong.\n";

static const char *what_of(enum log_part part)
{
    static const char *const whats[] = {
#define X(part, what) what,
        LOG_PARTS(X)
#undef X
    };

    return whats[part];
}

static void fields_print(FILE *out, const char *fields)
{
    const char *comma = "";

    while (*fields) {
        size_t len = strcspn(fields, " ");
        const char *mark = *fields == '.' ? "" : "`";

        (void)fprintf(out, "%s%s%.*s%s", comma, mark, (int)len, fields, mark);
        fields += len + (fields[len] == ' ');
        comma = ", ";
    }
}

static void row_print(FILE *out, const struct event *event)
{
    (void)fprintf(out, "| `%s` | %s | ", event->name, event->levels);
    fields_print(out, event->fields);
    (void)fprintf(out, " | %s |%s%s |\n", event->meaning, event->remedy ? " " : "",
                  event->remedy ? event->remedy : "");
}

static void part_print(FILE *out, enum log_part part)
{
    (void)fprintf(out, "\n### `%s`\n\nAbout %s%s\n\n", log_part_name(part), what_of(part),
                  part == LOG_PART_sequence ? "; the level is `log.level`." : ".");
    (void)fprintf(out,
                  "| event | level | fields | meaning | what to do |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < event_count; i++) {
        if (LOG_PART_OF(event_table[i].name) == part)
            row_print(out, &event_table[i]);
    }
}

void event_reference_print(FILE *out)
{
    (void)fputs(introduction, out);
    (void)fputs(
        "\n## By part of the server\n\nThe level of a part is the setting `log.level.PART`.\n",
        out);
    for (unsigned part = 0; part < LOG_PART_COUNT; part++)
        part_print(out, (enum log_part)part);
}
